import * as z from 'zod'
import { upgradeKinds } from '../events/words.ts'
import {
  abortion,
  atInstant,
  givenReason,
  optionalReason,
  planApproval,
  rejection,
  retry,
  rollback,
  storyPage,
} from './commands.ts'
import type { Contract } from './contract.ts'
import { deployment, threshold, window } from './deployment.ts'
import {
  byId,
  identifier,
  listOf,
  noQuery,
  paging,
  printable,
  seconds,
  versionName,
  words,
} from './fields.ts'
import { attemptStatuses, upgradeStatuses } from './statuses.ts'
import { successRate } from './strategies.ts'
import {
  acknowledgement,
  blastRadius,
  boundProcedure,
  forecastFields,
  neededApprovals,
  planned,
  replayed,
  saidBeside,
  story,
  upgradeDetail,
  upgradeLog,
  upgradeStatus,
  upgradeSummary,
} from './upgrade-answers.ts'

/** Why what is left of an upgrade does not fit into its window. */
const unfitWindows = ['window-over', 'window-too-short', 'window-closed'] as const

/** Why nobody is sent to a release, though it is registered, by what those say who have to let it through. */
const refusedReleases = [
  ...(['release-withdrawn', 'release-blocked', 'release-held-back'] as const),
  ...(['release-unsigned', 'release-expired', 'release-distrusted'] as const),
  'policy-unmet',
] as const

export const planningProblems = [
  'release-not-registered',
  ...refusedReleases,
  'targets-not-registered',
  'canary-outside-selection',
  'no-canary-left',
  'no-second-wave',
  'outside-groups',
  'critical-targets-first',
  'nothing-to-upgrade',
  'too-many-waves',
  'plan-too-large',
  'calendar-not-defined',
  ...unfitWindows,
  'conflict',
] as const

/** So many targets somebody says to have seen. */
const seen = z.int().min(0).max(1_000_000)

const accepted = (message: string) => ({ description: message, schema: acknowledgement })
const child = z.object({
  message: z.string(),
  upgradeId: z.string(),
  parentId: z.string(),
  jobId: z.string(),
  leftOut: z
    .array(z.object({ targetId: z.string(), reason: z.string() }))
    .describe('Whom it leaves out and why, the first 100; empty where it is planned later.'),
  leftOutCounts: z.record(z.string(), z.int()),
})
const childProblems = [
  'upgrade-not-found',
  ...unfitWindows,
  'too-many-waves',
  'plan-too-large',
  'conflict',
] as const

export const upgradeContracts = {
  deployUpgrade: {
    summary: 'Start an upgrade',
    query: noQuery,
    body: deployment,
    answers: {
      202: {
        description: 'The upgrade was asked for and goes on by itself.',
        schema: z.object({
          upgradeId: z.string(),
          jobId: z.string(),
          strategy: z.string(),
          message: z.string(),
          procedure: boundProcedure,
          leftOutCounts: z
            .record(z.string(), z.int())
            .nullable()
            .describe(
              'How many of those selected are left out, by reason; null: it is planned in the background.',
            ),
          approvals: neededApprovals,
          ...saidBeside,
        }),
      },
    },
    problems: planningProblems,
  },
  planUpgrade: {
    summary: 'Show what a deploy of the same body would do, and do nothing',
    query: noQuery,
    body: deployment,
    answers: { 200: { description: 'The plan, made by the planner that a deploy uses.', schema: planned } },
    problems: [...planningProblems, 'fleet-too-large'],
  },
  listUpgrades: {
    summary: 'List upgrades, newest first',
    query: z.strictObject({
      ...paging,
      component: identifier.optional(),
      version: versionName.optional(),
      status: z.enum(upgradeStatuses).optional(),
      kind: z.enum(upgradeKinds).optional(),
      parentId: identifier.optional(),
      requestedBy: z.string().min(1).max(256).optional(),
    }),
    answers: { 200: { description: 'One page.', schema: listOf('upgrades', upgradeSummary) } },
  },
  getUpgrade: {
    summary: 'Read an upgrade, now or as it was at an instant',
    tagged: true,
    params: byId,
    query: atInstant,
    answers: { 200: { description: 'The upgrade.', schema: upgradeDetail } },
    problems: ['upgrade-not-found'],
  },
  getUpgradeStatus: {
    summary: 'Read the progress of an upgrade',
    tagged: true,
    params: byId,
    query: atInstant,
    answers: { 200: { description: 'The progress.', schema: upgradeStatus } },
    problems: ['upgrade-not-found'],
  },
  getUpgradeLogs: {
    summary: 'List the attempts on every customer instance',
    params: byId,
    query: z.strictObject({ ...paging, status: z.enum(attemptStatuses).optional() }),
    answers: {
      200: { description: 'One page.', schema: listOf('logs', upgradeLog).extend({ upgradeId: z.string() }) },
    },
    problems: ['upgrade-not-found'],
  },
  getUpgradeEvents: {
    summary: 'Tell the story of an upgrade, one sentence an event',
    params: byId,
    query: storyPage,
    answers: {
      200: {
        description: 'Whole commits.',
        schema: listOf('events', story).extend({ upgradeId: z.string() }),
      },
    },
    problems: ['upgrade-not-found'],
  },
  getBlastRadius: {
    summary: 'Show from the log how much was ever exposed, and under which limit',
    params: byId,
    query: atInstant,
    answers: {
      200: { description: 'The largest figures of each wave, with their commits.', schema: blastRadius },
    },
    problems: ['upgrade-not-found'],
  },
  forecastUpgrade: {
    summary:
      'Say when it will end, as a range, from how long others took; now, or as it was to be said at an instant',
    params: byId,
    query: atInstant,
    answers: {
      200: {
        description: 'The forecast.',
        schema: z.object({
          upgradeId: z.string(),
          ...forecastFields('Null: it is over, is being aborted, or has no plan yet.'),
        }),
      },
    },
    problems: ['upgrade-not-found'],
  },
  replayUpgrade: {
    summary: 'Say from the log where it would have stopped by other rules, and ask nobody',
    params: byId,
    query: noQuery,
    body: z.strictObject({
      failureThreshold: threshold.optional(),
      unreachableThreshold: threshold.optional(),
      failureBudget: threshold.nullable().optional(),
      gate: successRate.nullable().optional(),
      waves: z
        .array(z.number().positive().max(100))
        .min(1)
        .max(20)
        .refine((waves) => waves.every((one, place) => one > (waves[place - 1] ?? 0)), 'in rising order')
        .optional()
        .describe(
          'Plays it in other waves: percent of its targets by the end of each, and at last all of them. Left out: in its own.',
        ),
      parallel: z.int().min(1).max(10_000).optional().describe('Plays it with so many at once.'),
      bakeSeconds: seconds(0, 30 * 86_400)
        .optional()
        .describe('Plays it with each wave watched for so long.'),
    }),
    absentBody: {},
    answers: { 200: { description: 'Where it stops for the first time.', schema: replayed } },
    problems: ['upgrade-not-found'],
  },
  continueUpgrade: {
    summary: 'Continue after a canary',
    params: byId,
    query: noQuery,
    body: z.strictObject({}),
    absentBody: {},
    answers: {
      200: {
        description: 'The next wave begins.',
        schema: z.object({ message: z.string(), upgradeId: z.string(), jobId: z.string() }),
      },
    },
    problems: ['upgrade-not-found', 'self-approval', 'conflict'],
  },
  approveUpgrade: {
    summary: 'Approve the plan of an upgrade',
    params: byId,
    query: noQuery,
    body: planApproval.extend({
      window: window
        .nullable()
        .optional()
        .describe(
          'The window that is approved with the plan, as the upgrade has it now. Left out: the one of the request, which the plan hash covers; one that somebody has moved has to be named.',
        ),
    }),
    answers: { 200: accepted('Approved.') },
    problems: [
      ...(['upgrade-not-found', 'self-approval', 'not-an-approver', 'window-changed', 'conflict'] as const),
      ...unfitWindows,
    ],
  },
  rejectUpgrade: {
    summary: 'Reject an upgrade that needs approval and has not begun, approved or not',
    params: byId,
    query: noQuery,
    body: rejection,
    answers: { 200: accepted('Rejected.') },
    problems: ['upgrade-not-found', 'self-approval', 'not-an-approver', 'conflict'],
  },
  pauseUpgrade: {
    summary: 'Stop admitting targets; what has begun finishes',
    params: byId,
    query: noQuery,
    body: optionalReason,
    absentBody: {},
    answers: { 200: accepted('Paused.') },
    problems: ['upgrade-not-found', 'conflict'],
  },
  resumeUpgrade: {
    summary:
      'Go on after a pause, in another window where one is given; one that is not inside what was approved waits for approval again',
    params: byId,
    query: noQuery,
    body: z.strictObject({
      window: window.optional(),
      /** How many of the whole upgrade the caller has seen fail, and be unreachable: where a limit is exceeded or a gate has failed. */
      acknowledge: z.strictObject({ failed: seen, unreachable: seen.default(0) }).optional(),
    }),
    absentBody: {},
    answers: { 200: accepted('Resumed.') },
    problems: [
      ...(['upgrade-not-found', 'not-acknowledged', 'more-failed', 'approvers-missing', 'conflict'] as const),
      ...unfitWindows,
    ],
  },
  endBake: {
    summary: 'End the watch over a wave before its time',
    params: byId,
    query: noQuery,
    body: givenReason,
    answers: { 200: accepted('The gate follows.') },
    problems: ['upgrade-not-found', 'conflict'],
  },
  postMeasurement: {
    summary: 'Say what a metric came to that others measure, while a wave is watched',
    params: byId,
    query: noQuery,
    body: z
      .strictObject({
        metric: printable(z.string().min(1).max(64)),
        value: z.number().nullable().describe('Null: it could not be measured.'),
        why: words(200).nullable().default(null).describe('Why it could not be measured.'),
      })
      .refine(({ value, why }) => (value === null) === (why !== null), {
        path: ['why'],
        error: 'beside value null, and nowhere else',
      }),
    answers: { 200: accepted('It counts.') },
    problems: ['upgrade-not-found', 'conflict'],
  },
  abortUpgrade: {
    summary: 'End an upgrade early; with rollBack, take back what it touched',
    params: byId,
    query: noQuery,
    body: abortion,
    absentBody: {},
    answers: { 202: accepted('Aborting.') },
    problems: ['upgrade-not-found', 'conflict'],
  },
  rollBackUpgrade: {
    summary: 'Take back every customer that an upgrade or its retries changed, to the version before',
    params: byId,
    query: noQuery,
    body: rollback,
    absentBody: {},
    answers: { 202: { description: 'The rollback has started.', schema: child } },
    problems: childProblems,
  },
  rollBackCustomer: {
    summary: 'Take one customer back to the version before the upgrade',
    params: z.strictObject({ id: identifier, customerId: identifier }),
    query: noQuery,
    body: rollback,
    absentBody: {},
    answers: {
      202: {
        description: 'The rollback has started.',
        schema: z.object({
          message: z.string(),
          customerId: z.string(),
          namespace: z.string().nullable(),
          upgradeId: z.string(),
        }),
      },
    },
    problems: [...childProblems, 'not-a-member'],
  },
  retryFailed: {
    summary: 'Try the failed customers of an upgrade again',
    params: byId,
    query: noQuery,
    body: retry,
    absentBody: {},
    answers: { 202: { description: 'The retry has started.', schema: child } },
    problems: [...childProblems, 'release-not-registered', ...refusedReleases],
  },
  skipTarget: {
    summary: 'Leave a target out that has not been upgraded yet',
    params: z.strictObject({ id: identifier, targetId: identifier }),
    query: noQuery,
    body: z.strictObject({}),
    absentBody: {},
    answers: { 200: accepted('Skipped.') },
    problems: ['upgrade-not-found', 'not-a-member', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
