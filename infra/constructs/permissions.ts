import { headsPrefix } from '../../functions/environment.ts'

/**
 * What a function may be granted. `catalogue` is the log's index, `lastSeen` the rows of `Work` that say when agents were heard of, `probes` those of what was seen of domains, `callbacks` those of who may call back, `messages` those of what leaves, `upgradeExecutions` are those of the state machine that drives upgrades, `windowSchedules` the
 * one-shot schedules of windows, `windowsRole` whom these act as; `anySchedule` is every schedule, since listing knows no narrower one.
 * `deadLetters` are the queues of what a round of the reconciliation makes good. `headDocuments` are the objects in `headsBucket` that say where the streams stand, signed with `headsKey`. `assignmentKey` signs what is handed over to agents, and
 * `assignmentPublicKey` is its half that verifies. `secrets` are those whose names begin with
 * the stack's own, `commands` those that the deployment lets be run, `anyCommand` every one: to look at one knows no narrower right. `anyMetric` is every metric of the
 * account, as CloudWatch knows no narrower right to read one. `mail` are
 * the identities from which the deployment lets e-mails be sent.
 */
export type Resource =
  | 'log'
  | 'catalogue'
  | 'views'
  | 'work'
  | 'lastSeen'
  | 'probes'
  | 'callbacks'
  | 'messages'
  | 'upgradeMachine'
  | 'upgradeExecutions'
  | 'rolloutMachine'
  | 'rolloutExecutions'
  | 'procedureMachine'
  | 'procedureExecutions'
  | 'procedureRole'
  | 'bus'
  | 'windowSchedules'
  | 'windowsRole'
  | 'anySchedule'
  | 'deadLetters'
  | 'headsBucket'
  | 'headDocuments'
  | 'headsKey'
  | 'assignmentKey'
  | 'assignmentPublicKey'
  | 'secrets'
  | 'commands'
  | 'anyCommand'
  | 'anyMetric'
  | 'mail'

/** What a function may do: exact actions by resource. */
export type Grants = Partial<Readonly<Record<Resource, readonly string[]>>>

const signsTexts = {
  StringEquals: { 'kms:SigningAlgorithm': ['ED25519_SHA_512'], 'kms:MessageType': ['RAW'] },
}

/**
 * What narrows a grant further. Task tokens lie in the same table: who may read when agents were heard of must not read them. The role
 * of windows is passed to the Scheduler and to nobody else.
 */
export const conditions: Partial<Record<Resource, Record<string, Record<string, readonly string[]>>>> = {
  windowsRole: { StringEquals: { 'iam:PassedToService': ['scheduler.amazonaws.com'] } },
  procedureRole: { StringEquals: { 'iam:PassedToService': ['states.amazonaws.com'] } },
  probes: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['probes#*'] } },
  messages: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['messages#*'] } },
  callbacks: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['callbacks#*'] } },
  lastSeen: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['seen#*'] } },
  headsBucket: { StringEquals: { 's3:prefix': [headsPrefix] } },
  headsKey: signsTexts,
  assignmentKey: signsTexts,
}

// A stream is read by Query, however short it is.
export const load = ['dynamodb:Query'] as const
// Append-only (S12): nobody is granted UpdateItem, DeleteItem, BatchWriteItem, PartiQL or Scan on the log.
export const append = [...load, 'dynamodb:PutItem'] as const
export const read = ['dynamodb:GetItem', 'dynamodb:Query'] as const
export const fold = [...read, 'dynamodb:PutItem'] as const
// Many rows in one request, each under its own condition, can only be written by statements.
export const foldMany = [
  'dynamodb:BatchGetItem',
  'dynamodb:GetItem',
  'dynamodb:PartiQLInsert',
  'dynamodb:PartiQLUpdate',
  'dynamodb:PutItem',
] as const
export const sendMessages = ['dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'] as const
export const park = ['dynamodb:PutItem'] as const
export const lastSeen = ['dynamodb:BatchGetItem'] as const
export const redeem = ['states:SendTaskSuccess'] as const
/** Who ends waits of executions that were superseded lets them fail. */
export const supersede = ['states:SendTaskFailure', ...redeem] as const
/** Who makes the state machines of procedures lets them act as their role. */
export const makeMachines = {
  procedureMachine: ['states:CreateStateMachine', 'states:DeleteStateMachine', 'states:TagResource'],
  procedureRole: ['iam:PassRole'],
} as const
/** Queues are made after the functions that send to them: whoever looks at them is granted this then. */
export const lookAtDeadLetters = { deadLetters: ['sqs:GetQueueAttributes'] } as const
/** Where the deployment lets no command be run, none of these is granted. */
export const runCommands = {
  commands: ['ssm:SendCommand'],
  anyCommand: ['ssm:GetCommandInvocation', 'ssm:ListCommands'],
} as const
/** Where the deployment names no identity, this is not granted. */
export const sendMail = { mail: ['ses:SendEmail'] } as const
export const scheduleWindows = {
  windowSchedules: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
  windowsRole: ['iam:PassRole'],
  anySchedule: ['scheduler:ListSchedules'],
} as const
