import { beforeAll, describe, expect, test } from 'vitest'
import { functionName, ofType, referred, synthesized, type Template } from './synthesized.ts'

const stream = 'DescribeStream GetRecords GetShardIterator'

/** Whoever keeps the schedules of windows passes them the one role that may call the function. */
const windows = { 'schedules of windows': 'CreateSchedule DeleteSchedule', 'role of windows': 'PassRole' }

/** Written by hand, not taken from the code: what each function may do, and nothing else (design: #rights). */
const expected: Record<string, Record<string, string>> = {
  upgrades: { Log: 'GetItem PutItem Query', Views: 'GetItem Query' },
  targets: { Log: 'GetItem PutItem Query', Views: 'GetItem Query', 'Work rows seen#*': 'BatchGetItem' },
  releases: { Log: 'GetItem PutItem Query', Views: 'GetItem Query' },
  operations: { Log: 'GetItem PutItem Query', Views: 'GetItem Query' },
  profiles: { Log: 'GetItem PutItem Query', Views: 'GetItem Query' },
  calendars: { Log: 'GetItem PutItem Query', Views: 'GetItem Query' },
  agents: {
    Log: 'GetItem PutItem Query',
    Views: 'GetItem Query',
    Work: 'UpdateItem',
  },
  system: {},
  authorizer: { Log: 'GetItem Query' },
  projector: {
    Log: 'GetItem Query',
    'Log stream': stream,
    Views: 'BatchGetItem GetItem PartiQLInsert PartiQLUpdate PutItem Query',
    Work: 'PutItem',
    'dead letters': 'SendMessage',
    '*': 'ListStreams',
  },
  reactor: {
    Log: 'GetItem PutItem Query',
    'Log stream': stream,
    Views: 'GetItem Query',
    Work: 'BatchGetItem DeleteItem GetItem PutItem Query',
    'machine upgrade': 'SendTaskFailure SendTaskSuccess StartExecution',
    bus: 'PutEvents',
    ...windows,
    // Two of them: what it gave up of the stream, and what the clock asked for.
    'dead letters': 'SendMessage SendMessage',
    '*': 'ListSchedules ListStreams',
  },
  ticker: {
    Log: 'GetItem PutItem Query',
    Views: 'GetItem Query',
    'dead letters': 'SendMessage',
  },
  reconcile: {
    Log: 'GetItem PutItem Query',
    'Log index Catalogue': 'Query',
    Views: 'GetItem PutItem Query',
    Work: 'DeleteItem PutItem Query',
    'Work rows seen#*': 'BatchGetItem',
    bus: 'PutEvents',
    'executions of upgrade': 'DescribeExecution',
    ...windows,
    '*': 'ListSchedules',
    'dead letters': 'SendMessage',
  },
  windows: {
    Log: 'GetItem PutItem Query',
    Views: 'GetItem Query',
    ...windows,
    '*': 'ListSchedules',
    'dead letters': 'SendMessage',
  },
  advance: { Log: 'GetItem PutItem Query', Views: 'GetItem Query', 'Work rows seen#*': 'BatchGetItem' },
  await: {
    Log: 'GetItem Query',
    Work: 'DeleteItem PutItem',
    'machine upgrade': 'SendTaskFailure SendTaskSuccess',
  },
  ended: { Log: 'GetItem PutItem Query', 'dead letters': 'SendMessage' },
}

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
  readonly Condition?: unknown
}

let template: Template
let granted: Record<string, Record<string, string>>

beforeAll(() => {
  template = synthesized()
  granted = Object.fromEntries(
    ofType(template, 'AWS::Lambda::Function').map(([id, { Properties }]) => [
      functionName(id),
      rightsOf(
        referred(Properties.Role),
        referred((Properties.LoggingConfig as { LogGroup: unknown }).LogGroup),
      ),
    ]),
  )
})

/** Returns action names by what they may be done to, for one role; every function may also write its own logs. */
function rightsOf(role: string, ownLogs: string): Record<string, string> {
  const rights: Record<string, string[]> = {}
  for (const { Effect, Action, Resource, Condition } of statementsOf(role)) {
    expect(Effect).toBe('Allow')
    for (const resource of [Resource].flat()) {
      const actions = [Action].flat()
      const name = `${nameOf(resource)}${rowsOf(Condition)}`
      if (name === `logs ${ownLogs}`) {
        expect(actions).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents'])
        continue
      }
      rights[name] = [...(rights[name] ?? []), ...actions.map((action) => action.split(':')[1] ?? action)]
    }
  }
  return Object.fromEntries(Object.entries(rights).map(([name, actions]) => [name, actions.sort().join(' ')]))
}

/** Says to which rows a statement is narrowed; a condition that this does not know fails the test. */
function rowsOf(condition: unknown): string {
  if (condition === undefined) return ''
  const keys = /^\{"ForAllValues:StringLike":\{"dynamodb:LeadingKeys":\["(\S+)"\]\}\}$/.exec(
    JSON.stringify(condition),
  )
  if (keys?.[1] === undefined)
    throw new Error(`This test does not know the condition ${JSON.stringify(condition)}.`)
  return ` rows ${keys[1]}`
}

function statementsOf(role: string): readonly Statement[] {
  return ofType(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => (Properties.Roles as unknown[]).some((one) => referred(one) === role))
    .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
}

/** Says what an IAM statement is about, in words; an ARN that this does not know fails the test. */
function nameOf(resource: unknown): string {
  if (resource === '*') return '*'
  const text = JSON.stringify(resource)
  if (text.endsWith('":stateMachine:upgrade"]]}')) return 'machine upgrade'
  if (text.endsWith('":execution:upgrade:*"]]}')) return 'executions of upgrade'
  if (text.endsWith('":schedule/drydock/window-*"]]}')) return 'schedules of windows'
  const attribute = /^\{"Fn::GetAtt":\["(\w+)","(Arn|StreamArn)"\]\}$/.exec(text)
  if (attribute?.[1] !== undefined) {
    const named = template.Resources[attribute[1]]
    switch (named?.Type) {
      case 'AWS::DynamoDB::Table':
        return attribute[2] === 'StreamArn' ? `${tableName(attribute[1])} stream` : tableName(attribute[1])
      case 'AWS::Logs::LogGroup':
        return `logs ${attribute[1]}`
      case 'AWS::Events::EventBus':
        return 'bus'
      case 'AWS::IAM::Role':
        return attribute[1].startsWith('WindowsRole') ? 'role of windows' : `role ${attribute[1]}`
      case 'AWS::SQS::Queue':
        return 'dead letters'
    }
  }
  const index = /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["(\w+)","Arn"\]\},"\/index\/(\w+)"\]\]\}$/.exec(text)
  if (index?.[1] !== undefined) return `${tableName(index[1])} index ${index[2]}`
  throw new Error(`A statement is about ${text}, which this test does not know.`)
}

function tableName(logicalId: string): string {
  const keys = template.Resources[logicalId]?.Properties.KeySchema as { AttributeName: string }[]
  const names: Record<string, string> = { stream: 'Log', view: 'Views', item: 'Work' }
  return names[keys[0]?.AttributeName ?? ''] ?? logicalId
}

describe('S11: what each function may do', () => {
  test.each(Object.keys(expected))('%s may do exactly what is written here', (name) => {
    expect(granted[name]).toEqual(expected[name])
  })

  test('there is no function beside these', () => {
    expect(Object.keys(granted).sort()).toEqual(Object.keys(expected).sort())
  })

  test('every function has a role of its own without any other policy', () => {
    const roles = ofType(template, 'AWS::Lambda::Function').map(([, { Properties }]) =>
      referred(Properties.Role),
    )
    expect(new Set(roles).size).toBe(roles.length)
    for (const role of roles) {
      const { ManagedPolicyArns, Policies } = template.Resources[role]?.Properties ?? {}
      expect([role, ManagedPolicyArns, Policies]).toEqual([role, undefined, undefined])
    }
  })

  test('no statement of any role has a wildcard in an action', () => {
    const actions = ofType(template, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
      (Properties.PolicyDocument as { Statement: Statement[] }).Statement.flatMap(({ Action }) => Action),
    )
    expect(actions.length).toBeGreaterThan(50)
    expect(actions.filter((action) => action.includes('*'))).toEqual([])
  })
})

describe('where things are', () => {
  /** What a function is told, by what it must be allowed to do to be told it. */
  const needed: Record<string, RegExp> = {
    LOG_TABLE: /"Log":/,
    VIEWS_TABLE: /"Views":/,
    WORK_TABLE: /"Work( rows [^"]+)?":/,
    BUS_NAME: /"bus":/,
    // A token is redeemed by itself.
    UPGRADE_MACHINE_ARN: /StartExecution|DescribeExecution/,
    WINDOWS_FUNCTION_ARN: /"schedules of windows":/,
    WINDOWS_ROLE_ARN: /"role of windows":/,
    WINDOWS_DEAD_LETTERS_ARN: /"schedules of windows":/,
  }

  test.each(Object.entries(needed))(
    '%s is told to whoever may do something there, and to nobody else',
    (variable, right) => {
      const told = ofType(template, 'AWS::Lambda::Function')
        .filter(([, { Properties }]) =>
          JSON.stringify(Properties.Environment ?? {}).includes(`"${variable}":`),
        )
        .map(([id]) => functionName(id))
      const allowed = Object.entries(granted).filter(([, rights]) => right.test(JSON.stringify(rights)))
      expect(told.length).toBeGreaterThan(0)
      expect(told.sort()).toEqual(allowed.map(([name]) => name).sort())
    },
  )
})

describe('S10: who may redeem a task token', () => {
  test('only the reactor and the await task', () => {
    const redeemers = Object.entries(granted).filter(([, rights]) =>
      JSON.stringify(rights).includes('SendTask'),
    )
    expect(redeemers.map(([name]) => name).sort()).toEqual(['await', 'reactor'])
  })

  test('no role that is not a function may', () => {
    const others = ofType(template, 'AWS::IAM::Policy').filter(([id]) => !id.startsWith('Functions'))
    expect(others.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      expect.stringMatching(/^SchedulesRole/),
      expect.stringMatching(/^WindowsRole/),
      expect.stringMatching(/^WorkflowUpgradeRole/),
    ])
    expect(JSON.stringify(others)).not.toContain('SendTask')
  })
})

describe('S12: the log is append-only', () => {
  test('nobody may change or remove a commit', () => {
    const onLog = Object.entries(granted).map(([name, rights]) => [name, rights.Log ?? ''] as const)
    expect(onLog.filter(([, actions]) => /Update|Delete|Batch|PartiQL|Scan/.test(actions))).toEqual([])
    expect(onLog.filter(([, actions]) => actions.includes('PutItem'))).toHaveLength(13)
  })

  test('no resource policy opens a table to others', () => {
    for (const [, { Properties }] of ofType(template, 'AWS::DynamoDB::Table')) {
      expect(Properties.ResourcePolicy).toBeUndefined()
    }
  })
})
