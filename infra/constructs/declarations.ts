import { Duration } from 'aws-cdk-lib'
import type { Setting } from '../../functions/environment.ts'
import type { Share } from './concurrency.ts'
import type { FixedName } from './names.ts'
import {
  append,
  fold,
  foldMany,
  type Grants,
  lastSeen,
  load,
  lookAtDeadLetters,
  makeMachines,
  park,
  read,
  redeem,
  runCommands,
  scheduleWindows,
  sendMail,
  sendMessages,
  supersede,
} from './permissions.ts'
import type { Trigger, TriggerOf } from './triggers.ts'

/** All that is said of a Lambda function. What it runs is the file of its name in `functions/lambda/`. */
export interface Declaration {
  /** What it does, in the words that the console shows. */
  readonly does: string
  /** What makes it run. */
  readonly runsOn: Trigger
  /** A clock that makes it run as well. */
  readonly alsoRunsOn?: TriggerOf<'schedule'>
  /** In megabytes. */
  readonly memory: number
  readonly timeout: Duration
  /** How much of the account's concurrency it keeps for itself, and is held to. */
  readonly atOnce: Share
  /** What it is told: exactly what it reads when it starts. */
  readonly environment: readonly Setting[]
  /** What it may do, but for what its trigger takes. What is not here is not granted. */
  readonly may: Grants
  /** Why its errors are no reason to ring; left out: they are. */
  readonly throws?: string
  /** Why calls that are turned away are no reason to ring; left out: they are. */
  readonly turnsAway?: string
  /** Only where others must know it before it exists. */
  readonly fixedName?: FixedName
  /** Does it need the programs of the layer? They are for x86_64, and so is it then. */
  readonly programs?: true
}

// Within the gateway's 30 seconds.
const request = {
  runsOn: { event: 'request' },
  memory: 1024,
  timeout: Duration.seconds(25),
  atOnce: 'RequestConcurrency',
} as const
const batch = { memory: 1024, timeout: Duration.seconds(60), atOnce: 'TaskConcurrency' } as const

// What is a minute late is replaced by the next, and what failed too.
const everyMinute = {
  event: 'schedule',
  rate: 'rate(1 minute)',
  delivery: { seconds: 60, retries: 1 },
  retries: 0,
} as const

/** Who plans what somebody asks for is told how much one person may expose. */
const exposureSettings = ['exposureTargets', 'exposurePercent'] as const

/** Who makes state machines of procedures has to know what they are made with. */
const procedureSettings = [
  'procedureMachines',
  'procedureRoleArn',
  'procedureLogsArn',
  'stepFunctionArn',
  'helmFunctionArn',
] as const

const windowSettings = [
  'windowsGroup',
  'windowsFunctionArn',
  'windowsRoleArn',
  'windowsDeadLettersArn',
] as const

const declared = {
  upgrades: {
    ...request,
    does: 'Upgrades: deploy, watch, approve, stop',
    environment: ['logTable', 'viewsTable', 'roleClaim', 'outboundHosts', ...exposureSettings],
    may: { log: append, views: read },
  },
  evidence: {
    ...request,
    does: 'Evidence: what proves an upgrade',
    // What is for years may wait for its turn: it must not take what moves upgrades from anybody.
    atOnce: 'EvidenceConcurrency',
    turnsAway: 'One part is made at a time: whoever asks meanwhile asks again.',
    environment: ['logTable', 'headsBucket', 'roleClaim'],
    may: { log: load, headsBucket: ['s3:ListBucket'], headDocuments: ['s3:GetObject'] },
  },
  rollouts: {
    ...request,
    does: 'Rollouts: plan, start, watch, approve, stop',
    environment: ['logTable', 'viewsTable', 'workTable', 'roleClaim', 'outboundHosts', ...exposureSettings],
    may: { log: append, views: read, probes: ['dynamodb:Query'] },
  },
  targets: {
    ...request,
    does: 'Targets: register, list, explain',
    environment: ['logTable', 'viewsTable', 'workTable', 'roleClaim'],
    may: { log: append, views: read, lastSeen },
  },
  releases: {
    ...request,
    does: 'Releases and the keys that sign them: publish, list, withdraw',
    environment: ['logTable', 'viewsTable', 'roleClaim', 'unsignedReleases', 'assignmentKeyArn'],
    may: { log: append, views: read, assignmentPublicKey: ['kms:GetPublicKey'] },
  },
  operations: {
    ...request,
    does: 'Approvals, stop, work queue',
    environment: ['logTable', 'viewsTable', 'roleClaim'],
    may: { log: append, views: read },
  },
  notifications: {
    ...request,
    does: 'Notifications: destinations, what did not get there, what people press in Slack',
    // Slack comes without a credential of the gateway.
    atOnce: 'PublicConcurrency',
    environment: ['logTable', 'viewsTable', 'workTable', 'roleClaim', 'outboundHosts', 'apiUrl'],
    may: {
      log: append,
      views: read,
      messages: [...sendMessages, 'dynamodb:DeleteItem'],
      secrets: ['secretsmanager:GetSecretValue'],
      ...sendMail,
    },
  },
  profiles: {
    ...request,
    does: 'Upgrade profiles',
    environment: ['logTable', 'viewsTable', 'roleClaim'],
    may: { log: append, views: read },
  },
  calendars: {
    ...request,
    does: 'Calendars: define, read, ask',
    environment: ['logTable', 'viewsTable', 'roleClaim'],
    may: { log: append, views: read },
  },
  agents: {
    ...request,
    does: 'What agents ask and report',
    atOnce: 'AgentConcurrency',
    environment: ['logTable', 'viewsTable', 'workTable', 'assignmentKeyArn', 'agentDomain'],
    // It alone assigns attempts to targets in words that agents believe.
    may: { log: append, views: read, work: ['dynamodb:UpdateItem'], assignmentKey: ['kms:Sign'] },
  },
  mcp: {
    ...request,
    does: 'Tools of the Model Context Protocol: profiles, plans, why',
    atOnce: 'McpConcurrency',
    // What the operations behind its tools reach, together.
    environment: ['logTable', 'viewsTable', 'workTable', 'roleClaim', 'outboundHosts', ...exposureSettings],
    may: { log: append, views: read, lastSeen, probes: ['dynamodb:Query'] },
  },
  system: {
    ...request,
    does: 'Health, OpenAPI document, who issues tokens',
    memory: 256,
    atOnce: 'PublicConcurrency',
    environment: ['apiUrl', 'signInIssuer'],
    may: {},
  },
  console: {
    ...request,
    does: 'Console and reference for browsers',
    runsOn: { event: 'page' },
    atOnce: 'PublicConcurrency',
    memory: 256,
    environment: ['signInIssuer', 'signInUrl', 'signInTokenUrl', 'signInClient', 'signInScope', 'roleClaim'],
    may: {},
  },
  authorizer: {
    does: 'Admits agents and gateways',
    runsOn: { event: 'credential' },
    memory: 512,
    timeout: Duration.seconds(10),
    atOnce: 'AuthorizerConcurrency',
    environment: ['logTable', 'agentDomain'],
    may: { log: load },
  },

  projector: {
    ...batch,
    does: 'Folds commits into views',
    atOnce: 'ProjectorConcurrency',
    runsOn: { event: 'commit', lanes: 10 },
    environment: ['logTable', 'viewsTable', 'workTable', 'metricsNamespace'],
    may: { log: load, views: foldMany, work: park },
  },
  reactor: {
    ...batch,
    does: 'Does what follows from a commit',
    atOnce: 'ReactorConcurrency',
    // Every lane records outcomes in the same upgrade's stream, and those that lose the race pay for their writes: few lanes
    // take larger batches and meet seldom.
    runsOn: { event: 'commit', lanes: 2 },
    // It alone has the rights to do what it had to set aside.
    alsoRunsOn: everyMinute,
    // One commit may admit 10,000 targets. An invocation that ran out of time would do them, and what follows them, over again.
    timeout: Duration.minutes(5),
    environment: [
      'logTable',
      'viewsTable',
      'workTable',
      'upgradeMachineArn',
      'rolloutMachineArn',
      'busName',
      'metricsNamespace',
      ...windowSettings,
      ...procedureSettings,
    ],
    may: {
      log: append,
      views: read,
      work: [
        'dynamodb:BatchGetItem',
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
      ],
      upgradeMachine: ['states:StartExecution', ...supersede],
      rolloutMachine: ['states:StartExecution', ...supersede],
      ...makeMachines,
      procedureMachine: [...makeMachines.procedureMachine, 'states:StartExecution', ...supersede],
      bus: ['events:PutEvents'],
      ...scheduleWindows,
    },
  },

  notify: {
    ...batch,
    does: 'Tells people and programs of public events',
    atOnce: 'ClockConcurrency',
    runsOn: { event: 'public event', retries: 2 },
    // Sends again what did not get there.
    alsoRunsOn: everyMinute,
    environment: ['logTable', 'workTable', 'outboundHosts', 'apiUrl', 'metricsNamespace'],
    may: {
      log: load,
      messages: [...sendMessages, 'dynamodb:DeleteItem', 'dynamodb:GetItem'],
      secrets: ['secretsmanager:GetSecretValue'],
      ...sendMail,
    },
  },

  ticker: {
    ...batch,
    does: 'Tells live upgrades the time',
    atOnce: 'ClockConcurrency',
    runsOn: everyMinute,
    environment: ['logTable', 'viewsTable', 'unsignedReleases'],
    may: { log: append, views: read },
  },
  monitor: {
    ...batch,
    does: 'Looks at what customers meet while rollouts run',
    memory: 256,
    atOnce: 'MonitorConcurrency',
    runsOn: everyMinute,
    environment: ['logTable', 'viewsTable', 'workTable', 'outboundHosts'],
    may: { log: load, views: read, probes: ['dynamodb:PutItem', 'dynamodb:Query'] },
  },
  gates: {
    ...batch,
    does: 'Measures what upgrades wait for between their waves',
    memory: 256,
    atOnce: 'MonitorConcurrency',
    runsOn: everyMinute,
    environment: ['logTable', 'viewsTable', 'outboundHosts'],
    may: {
      log: append,
      views: read,
      secrets: ['secretsmanager:GetSecretValue'],
      anyMetric: ['cloudwatch:GetMetricData'],
    },
  },
  reconcile: {
    ...batch,
    does: 'Makes good what views and reactor missed; rebuilds on request',
    atOnce: 'ClockConcurrency',
    // A round a day, and one when something was given up, whatever the size of the log: each time goes on where the last one came to.
    runsOn: {
      event: 'schedule',
      rate: 'rate(15 minutes)',
      delivery: { seconds: 900, retries: 1 },
      retries: 0,
    },
    timeout: Duration.minutes(15),
    environment: [
      'logTable',
      'viewsTable',
      'workTable',
      'deadLetterQueues',
      'upgradeMachineArn',
      'rolloutMachineArn',
      'busName',
      'metricsNamespace',
      ...windowSettings,
      ...procedureSettings,
    ],
    may: {
      log: append,
      catalogue: ['dynamodb:Query'],
      views: fold,
      work: [...park, 'dynamodb:DeleteItem', 'dynamodb:Query'],
      lastSeen,
      ...lookAtDeadLetters,
      upgradeExecutions: ['states:DescribeExecution'],
      rolloutExecutions: ['states:DescribeExecution'],
      procedureExecutions: ['states:DescribeExecution'],
      ...makeMachines,
      // What integrations were never told is told by who finds it.
      bus: ['events:PutEvents'],
      ...scheduleWindows,
    },
  },
  heads: {
    ...batch,
    does: 'Writes every day, signed, where the streams of the log stand',
    // Whatever the size of the log: each time goes on where the last one came to, and does nothing when the day is done.
    runsOn: {
      event: 'schedule',
      rate: 'rate(15 minutes)',
      delivery: { seconds: 900, retries: 1 },
      retries: 0,
    },
    timeout: Duration.minutes(15),
    atOnce: 'ClockConcurrency',
    environment: ['logTable', 'headsBucket', 'headsKeyArn', 'metricsNamespace'],
    may: {
      log: ['dynamodb:Query'],
      catalogue: ['dynamodb:Query'],
      headsBucket: ['s3:ListBucket'],
      headDocuments: ['s3:GetObject', 's3:PutObject'],
      headsKey: ['kms:Sign'],
    },
  },
  windows: {
    ...batch,
    does: 'Opens the windows of upgrade profiles',
    runsOn: { event: 'opening', retries: 2 },
    // It goes through all targets.
    timeout: Duration.minutes(5),
    fixedName: 'windowsFunction',
    environment: ['logTable', 'viewsTable', ...windowSettings],
    may: { log: append, views: read, ...scheduleWindows },
  },

  advance: {
    ...batch,
    does: 'Takes an upgrade one move on',
    runsOn: { event: 'task', as: 'AdvanceFunction' },
    // It plans what is too large to be planned while a caller waits.
    timeout: Duration.minutes(5),
    environment: ['logTable', 'viewsTable', 'workTable', ...exposureSettings],
    // Whether targets were heard of lately, when an upgrade is planned that checks that.
    may: { log: append, views: read, lastSeen },
  },
  await: {
    ...batch,
    does: 'Keeps the token of a wait',
    runsOn: { event: 'task', as: 'AwaitFunction' },
    environment: ['logTable', 'workTable'],
    may: { log: load, work: ['dynamodb:DeleteItem', 'dynamodb:PutItem'], upgradeMachine: redeem },
  },
  ended: {
    ...batch,
    does: 'Records that an execution ended before its upgrade',
    runsOn: { event: 'end of an execution', of: 'upgrade', retries: 2 },
    environment: ['logTable'],
    may: { log: append },
  },

  advanceRollout: {
    ...batch,
    does: 'Takes a rollout one move on',
    runsOn: { event: 'task', as: 'AdvanceRolloutFunction' },
    // It plans what is too large to be planned while a caller waits.
    timeout: Duration.minutes(5),
    environment: ['logTable', 'viewsTable', ...exposureSettings],
    may: { log: append, views: read },
  },
  awaitRollout: {
    ...batch,
    does: 'Keeps the token of a wait of a rollout',
    runsOn: { event: 'task', as: 'AwaitRolloutFunction' },
    environment: ['logTable', 'workTable'],
    may: { log: load, work: ['dynamodb:DeleteItem', 'dynamodb:PutItem'], rolloutMachine: redeem },
  },
  step: {
    ...batch,
    does: 'Does the steps of procedures, one look a call',
    runsOn: { event: 'task', as: 'StepFunction' },
    // Longer than the longest call that a step may make, with what is written before and after it.
    timeout: Duration.seconds(60),
    fixedName: 'stepFunction',
    atOnce: 'StepConcurrency',
    throws:
      'What is not over yet is told by an error, so that a look is one transition (ADR 0037); an execution that fails rings by itself.',
    environment: ['logTable', 'workTable', 'outboundHosts', 'apiUrl'],
    may: {
      log: append,
      work: ['dynamodb:DeleteItem', 'dynamodb:PutItem'],
      procedureMachine: redeem,
      secrets: ['secretsmanager:GetSecretValue'],
      ...runCommands,
    },
  },
  helm: {
    ...batch,
    does: 'Does the steps of procedures that helm does',
    runsOn: { event: 'task', as: 'HelmFunction' },
    // The longest that there is: no step of helm may take as long.
    timeout: Duration.minutes(15),
    atOnce: 'HelmConcurrency',
    fixedName: 'helmFunction',
    programs: true,
    throws:
      'What is not over yet is told by an error, so that a look is one transition (ADR 0037); an execution that fails rings by itself.',
    turnsAway: 'Who is turned away waits for its turn: that is how many releases are upgraded at once.',
    environment: ['logTable', 'outboundHosts', 'helmBinary'],
    may: { log: append, secrets: ['secretsmanager:GetSecretValue'] },
  },
  procedures: {
    ...request,
    does: 'Procedures: store, read, try; their steps, and what people and receivers say of them',
    environment: ['logTable', 'viewsTable', 'workTable', 'roleClaim'],
    may: { log: append, views: read, callbacks: ['dynamodb:GetItem'] },
  },
  endedProcedure: {
    ...batch,
    does: 'Records that the execution of a procedure ended before its attempt',
    runsOn: { event: 'end of an execution', of: 'procedure', retries: 2 },
    environment: ['logTable'],
    may: { log: append },
  },
  endedRollout: {
    ...batch,
    does: 'Records that an execution ended before its rollout',
    runsOn: { event: 'end of an execution', of: 'rollout', retries: 2 },
    environment: ['logTable'],
    may: { log: append },
  },
} as const satisfies Record<string, Declaration>

export type FunctionName = keyof typeof declared

/** Every Lambda function of the stack: one for each group of routes, and those that nobody calls over HTTP. */
export const declarations: Readonly<Record<FunctionName, Declaration>> = declared

export const functionNames = Object.keys(declared) as FunctionName[] // Object.keys forgets which keys

/** Returns the entry file of a function: files are named in words of lower case. */
export function entryOf(name: FunctionName): string {
  return `functions/lambda/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`
}
