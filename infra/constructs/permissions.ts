import { groups } from '../../functions/api/routes.ts'

/** Every function of the stack: one for each group of routes, and those that nobody calls over HTTP. */
export const functionNames = [
  ...groups,
  'authorizer',
  'projector',
  'reactor',
  'ticker',
  'reconcile',
  'windows',
  'advance',
  'await',
  'ended',
] as const
export type FunctionName = (typeof functionNames)[number]

/**
 * What a function may be granted. `catalogue` is the log's index, `lastSeen` the rows of `Work` that say when agents were heard of, `executions` are those of the state machine, `windowSchedules` the
 * one-shot schedules of windows, `windowsRole` whom these act as; `anySchedule` is every schedule, since listing knows no narrower one.
 */
export type Resource =
  | 'log'
  | 'catalogue'
  | 'views'
  | 'work'
  | 'lastSeen'
  | 'machine'
  | 'executions'
  | 'bus'
  | 'windowSchedules'
  | 'windowsRole'
  | 'anySchedule'

/** What narrows a grant further. Task tokens lie in the same table: who may read when agents were heard of must not read them. */
export const conditions: Partial<Record<Resource, Record<string, Record<string, readonly string[]>>>> = {
  lastSeen: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['seen#*'] } },
}

const load = ['dynamodb:GetItem', 'dynamodb:Query'] as const
// Append-only (S12): nobody is granted UpdateItem, DeleteItem, BatchWriteItem, PartiQL or Scan on the log.
const append = [...load, 'dynamodb:PutItem'] as const
const read = ['dynamodb:GetItem', 'dynamodb:Query'] as const
const fold = [...read, 'dynamodb:PutItem'] as const
// Many rows in one request, each under its own condition, can only be written by statements.
const foldMany = [
  ...fold,
  'dynamodb:BatchGetItem',
  'dynamodb:PartiQLInsert',
  'dynamodb:PartiQLUpdate',
] as const
const park = ['dynamodb:PutItem'] as const
const redeem = ['states:SendTaskFailure', 'states:SendTaskSuccess'] as const
const scheduleWindows = {
  windowSchedules: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
  windowsRole: ['iam:PassRole'],
  anySchedule: ['scheduler:ListSchedules'],
} as const

/** Who may do what: exact actions, by function and resource. What is not here is not granted. */
export const permissions: Record<FunctionName, Partial<Record<Resource, readonly string[]>>> = {
  upgrades: { log: append, views: read },
  targets: { log: append, views: read, lastSeen: ['dynamodb:BatchGetItem'] },
  releases: { log: append, views: read },
  operations: { log: append, views: read },
  profiles: { log: append, views: read },
  agents: {
    log: append,
    views: read,
    work: ['dynamodb:UpdateItem'],
  },
  system: {},
  authorizer: { log: load },
  projector: { log: load, views: foldMany, work: park },
  reactor: {
    log: append,
    views: read,
    work: [
      'dynamodb:BatchGetItem',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
    ],
    machine: ['states:StartExecution', ...redeem],
    bus: ['events:PutEvents'],
    ...scheduleWindows,
  },
  ticker: { log: append, views: read },
  reconcile: {
    log: append,
    catalogue: ['dynamodb:Query'],
    views: fold,
    work: [...park, 'dynamodb:DeleteItem', 'dynamodb:Query'],
    executions: ['states:DescribeExecution'],
    ...scheduleWindows,
  },
  windows: { log: append, views: read, ...scheduleWindows },
  // Whether targets were heard of lately, when an upgrade is planned that checks that.
  advance: { log: append, views: read, lastSeen: ['dynamodb:BatchGetItem'] },
  await: {
    log: load,
    work: ['dynamodb:DeleteItem', 'dynamodb:PutItem'],
    machine: redeem,
  },
  ended: { log: append },
}
