import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { declarations, type FunctionName, functionNames } from '../../infra/constructs/declarations.ts'
import type { Grants, Resource } from '../../infra/constructs/permissions.ts'
import { actionsIn, actionsOf, connectionsOf } from './commands.ts'
import { assembled, functionName, ofType } from './synthesized.ts'

/** What each connection reaches. Those that reach nothing are values. */
const reached: Readonly<Record<string, readonly Resource[]>> = {
  log: ['log', 'catalogue'],
  views: ['views'],
  viewStore: ['views'],
  tokens: ['work'],
  parked: ['work'],
  telemetry: ['work', 'lastSeen'],
  probes: ['work', 'probes'],
  callbacks: ['work', 'callbacks'],
  redemption: ['upgradeMachine', 'rolloutMachine', 'procedureMachine'],
  upgradeExecutions: ['upgradeMachine', 'upgradeExecutions'],
  rolloutExecutions: ['rolloutMachine', 'rolloutExecutions'],
  procedureMachines: ['procedureMachine', 'procedureExecutions', 'procedureRole'],
  windowSchedules: ['windowSchedules', 'windowsRole', 'anySchedule'],
  bus: ['bus'],
  roleClaim: [],
  exposure: [],
  metricsNamespace: [],
  streamHeads: ['log', 'catalogue'],
  vault: ['headsBucket', 'headDocuments'],
  keptHeads: ['headsBucket', 'headDocuments'],
  signer: ['headsKey'],
  assignmentSigner: ['assignmentKey'],
  assignmentKey: ['assignmentPublicKey'],
  outbound: [],
  uncallable: [],
  helm: [],
  secrets: ['secrets'],
  commands: ['commands', 'anyCommand'],
  cloudWatch: ['anyMetric'],
  deadLetters: ['deadLetters'],
  webhooks: [],
  messages: ['messages'],
  inbox: ['messages'],
  mail: ['mail'],
  apiUrl: [],
  signIn: [],
  browserFiles: [],
}

/** The one call that is not made by what its connection opens, but with the client that it hands on. */
const elsewhere: Readonly<Record<string, readonly string[]>> = { bus: ['events:PutEvents'] }

/** What a reader's connection to the views could do, since readers open the same store as writers. */
const reader = 'BatchGetItem PartiQLInsert PartiQLUpdate PutItem'

/** What each function's connections could do and it may not, since it never does. What it shall do one day is granted first. */
const never: Readonly<Record<FunctionName, Readonly<Record<string, string>>>> = {
  upgrades: { views: reader },
  evidence: { log: 'PutItem' },
  rollouts: { views: reader, probes: 'PutItem' },
  targets: { views: reader, telemetry: 'GetItem UpdateItem' },
  releases: { views: reader },
  operations: { views: reader },
  notifications: { views: reader, messages: 'GetItem' },
  profiles: { views: reader },
  calendars: { views: reader },
  agents: { views: reader, telemetry: 'BatchGetItem GetItem' },
  mcp: { views: reader, telemetry: 'GetItem UpdateItem', probes: 'PutItem' },
  system: {},
  console: {},
  authorizer: { log: 'PutItem' },
  projector: { log: 'PutItem', viewStore: 'Query', parked: 'DeleteItem Query' },
  reactor: {
    views: reader,
    telemetry: 'UpdateItem',
    upgradeExecutions: 'DescribeExecution',
    rolloutExecutions: 'DescribeExecution',
    procedureMachines: 'DescribeExecution',
  },
  notify: { log: 'PutItem' },
  ticker: { views: reader },
  monitor: { log: 'PutItem', views: reader },
  gates: { views: reader },
  reconcile: {
    views: 'BatchGetItem PartiQLInsert PartiQLUpdate',
    viewStore: 'BatchGetItem PartiQLInsert PartiQLUpdate',
    telemetry: 'GetItem UpdateItem',
    upgradeExecutions: 'StartExecution',
    rolloutExecutions: 'StartExecution',
    procedureMachines: 'StartExecution',
  },
  windows: { views: reader },
  advance: { views: reader, telemetry: 'GetItem UpdateItem' },
  await: { log: 'PutItem', tokens: 'Query', redemption: 'SendTaskFailure' },
  ended: {},
  advanceRollout: { views: reader },
  awaitRollout: { log: 'PutItem', tokens: 'Query', redemption: 'SendTaskFailure' },
  endedRollout: {},
  procedures: { views: reader, callbacks: 'PutItem' },
  helm: {},
  step: { tokens: 'Query', redemption: 'SendTaskFailure', callbacks: 'GetItem' },
  endedProcedure: {},
  heads: { streamHeads: 'PutItem' },
}

/** All that a bundle holds, what is loaded later too. */
function textOf(directory: string): string {
  const files = globSync('*.mjs', { cwd: directory })
  return files.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n')
}

let connected: Record<string, readonly string[]>
let able: Record<string, ReadonlySet<string>>
let bundles: Record<string, ReadonlySet<string>>
beforeAll(async () => {
  connected = Object.fromEntries(functionNames.map((name) => [name, connectionsOf(name)]))
  const alone = await actionsOf(Object.keys(reached))
  able = Object.fromEntries(
    Object.entries(alone).map(([one, actions]) => [one, new Set([...actions, ...(elsewhere[one] ?? [])])]),
  )
  const { template, asset, remove } = assembled()
  bundles = Object.fromEntries(
    ofType(template, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
      const { S3Key } = Properties.Code as { S3Key: string }
      return [functionName(id), actionsIn(textOf(asset(S3Key)))]
    }),
  )
  remove()
})

/** The actions that the connections of a function make on a part of the stack. */
const possible = (name: FunctionName, resource: Resource): ReadonlySet<string> =>
  new Set(
    (connected[name] ?? [])
      .filter((one) => reached[one]?.includes(resource))
      .flatMap((one) => [...(able[one] ?? [])]),
  )

describe('S11: what a function is granted', () => {
  test.each(functionNames)('%s has a command for each, of a connection that reaches it', (name) => {
    const unused = Object.entries(declarations[name].may).flatMap(([resource, actions]) => {
      const could = possible(name, resource as Resource) // Object.entries forgets which keys
      return actions.filter((action) => !could.has(action)).map((action) => `${action} on ${resource}`)
    })
    expect(unused).toEqual([])
  })

  test.each(functionNames)('%s may do all that its connections can, but for what it never does', (name) => {
    const may: Grants = declarations[name].may
    const lacking = (connected[name] ?? []).flatMap((one) => {
      const granted = new Set<string>(reached[one]?.flatMap((resource) => may[resource] ?? []))
      const missing = [...(able[one] ?? [])].filter((action) => !granted.has(action))
      const words = missing.map((action) => action.split(':')[1]).sort()
      return words.length > 0 ? [[one, words.join(' ')]] : []
    })
    expect(Object.fromEntries(lacking)).toEqual(never[name])
  })

  test.each(functionNames)('%s holds a command for each in the bundle that is deployed', (name) => {
    const granted = Object.values(declarations[name].may).flat()
    expect(granted.filter((action) => !bundles[name]?.has(action))).toEqual([])
  })

  test('goes to functions that connect to it: no other command is in a bundle', () => {
    for (const name of functionNames) {
      const own = new Set((connected[name] ?? []).flatMap((one) => [...(able[one] ?? [])]))
      expect([name, [...(bundles[name] ?? [])].filter((action) => !own.has(action))]).toEqual([name, []])
    }
  })

  test('is one call of Secrets Manager for whoever reads secrets', () => {
    expect([...(able.secrets ?? [])]).toEqual(['secretsmanager:GetSecretValue'])
    expect([...(able.outbound ?? [])]).toEqual([])
  })

  test('is found in a connection that is bundled alone', () => {
    expect([...(able.log ?? [])].sort()).toEqual(['dynamodb:PutItem', 'dynamodb:Query'])
    expect([...(able.redemption ?? [])].sort()).toEqual(['states:SendTaskFailure', 'states:SendTaskSuccess'])
  })
})
