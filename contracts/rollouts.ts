import * as z from 'zod'
import {
  abortion,
  atInstant,
  givenReason,
  optionalReason,
  planApproval,
  rejection,
  rollback,
  storyPage,
} from './commands.ts'
import type { Contract } from './contract.ts'
import { approvals, deployment } from './deployment.ts'
import { byId, listOf, noQuery, paging, seconds, wholeNumber, words } from './fields.ts'
import { upgradeStatuses } from './statuses.ts'
import {
  blastRadius,
  boundProcedure,
  canary,
  countedApprovals,
  droppedGroups,
  expectedAttempt,
  failure,
  forecast,
  forecastFields,
  hold,
  leftOutOfPlan,
  neededApprovals,
  plannedWave,
  position,
  possible,
  possibleByGlass,
  story,
  withoutAgent,
} from './upgrade-answers.ts'
import { planningProblems } from './upgrades.ts'

const day = 86_400
const phaseName = words(64)

/** A phase is an upgrade as it is deployed, with what it waits for. */
const phase = deployment.safeExtend({
  name: phaseName.describe('What it is called, as people say it.'),
  dependsOn: z
    .array(phaseName)
    .max(50)
    .default([])
    .describe(
      'The phases that have to end well before it begins: all of them. Without any it begins at once.',
    ),
  pauseSeconds: seconds(0, 30 * day)
    .default(0)
    .describe('So long those that depend on it wait after it has ended.'),
  exceptions: z
    .enum(['hold', 'accept'])
    .default('hold')
    .describe(
      'Some of its targets failed or were left out, within its limits: does that hold those that depend on it until somebody accepts it?',
    ),
})

const monitor = z.strictObject({
  domains: z
    .array(
      z.strictObject({
        url: z
          .string()
          .max(512)
          .regex(/^https?:\/\/\S+$/, 'an address that begins with https:// or http://'),
        status: z
          .array(z.int().min(100).max(599))
          .min(1)
          .max(20)
          .nullable()
          .default(null)
          .describe('With which it is well; null: any below 400.'),
      }),
    )
    .min(1)
    .max(20)
    .refine((all) => new Set(all.map(({ url }) => url)).size === all.length, 'each domain once'),
  everySeconds: seconds(10, 3600).default(60),
})

/** The plan file of a rollout: phases in the order of what they depend on, planned and approved as one. */
export const rolloutPlan = z.strictObject({
  name: words(128).describe('What the rollout is called, as people say it.'),
  phases: z.array(phase).min(1).max(50),
  approvals: approvals.prefault({}).describe('Who approves the plan of all phases, by their common hash.'),
  onFailure: z
    .enum(['hold', 'rollback'])
    .default('hold')
    .describe(
      'A phase did not end well: somebody looks at it, or everything that was changed is taken back.',
    ),
  monitor: monitor
    .nullable()
    .default(null)
    .describe('What customers meet while it runs: domains that are looked at from outside.'),
  reason: words(512).nullable().default(null),
})
export type RolloutPlan = z.output<typeof rolloutPlan>

const rolloutActions = [
  ...(['approveRollout', 'rejectRollout', 'continueRollout', 'resumeRollout'] as const),
  ...(['pauseRollout', 'rollBackRollout', 'abortRollout'] as const),
] as const

const acknowledgement = z.object({ message: z.string(), rolloutId: z.string(), status: z.string() })
const acknowledged = (description: string) => ({ description, schema: acknowledgement })

const plannedPhase = z.object({
  name: z.string(),
  dependsOn: z.array(z.string()),
  pauseSeconds: z.int(),
  component: z.string(),
  version: z.string(),
  procedure: boundProcedure,
  planHash: z.string().nullable().describe('Null: everybody who was selected runs the version already.'),
  total: z.int(),
  waves: z.array(plannedWave).describe('In their order, the first 1,000.'),
  canary,
  droppedWaves: z.array(z.number()),
  droppedGroups,
  members: z.array(z.string()).describe('The targets in the order of the plan, the first 1,000.'),
  leftOut: z.array(leftOutOfPlan).describe('The first 1,000.'),
  leftOutCounts: z.record(z.string(), z.int()),
  withoutAgent,
  expectedAttempt: expectedAttempt.nullable().describe('Null: nobody is left to upgrade.'),
  expectedStart: z.string(),
  expectedFinish: z.string(),
})

const planned = z.object({
  name: z.string(),
  planHash: z.string(),
  total: z.int(),
  approvals: neededApprovals,
  phases: z.array(plannedPhase),
  warnings: z.array(z.object({ phase: z.string(), code: z.string(), detail: z.string() })),
  expectedFinish: z.string(),
  forecast,
})

const summary = z.object({
  rolloutId: z.string(),
  jobId: z.string(),
  kind: z.string(),
  parentId: z.string().nullable(),
  name: z.string(),
  status: z.string(),
  phaseCount: z.int(),
  phasesBegun: z.int(),
  phasesEnded: z.int(),
  planHash: z.string().nullable(),
  approvals: countedApprovals,
  requestedBy: z.string(),
  requestedAt: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  failure,
})

const takenBackBy = z
  .object({
    rolloutId: z.string(),
    phases: z.int().describe('How many of its phases that takes back.'),
    status: z.string().describe('How that rollback stands.'),
  })
  .nullable()
  .describe('The rollback that was asked for last; null: none was.')

const listed = summary.extend({ takenBackBy })

const shownPhase = z.object({
  name: z.string(),
  dependsOn: z.array(z.string()),
  status: z.string(),
  upgradeId: z.string().nullable(),
  planHash: z.string().nullable(),
  total: z.int(),
  completed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  inProgress: z.int(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  passed: z.boolean().describe('May those begin that depend on it?'),
  accepted: z.boolean().describe('Has somebody let them?'),
  holds: z.array(z.looseObject({ code: z.string() })).describe('Why its upgrade does not advance now.'),
})

const status = summary.extend({
  total: z.int(),
  completed: z.int(),
  failed: z.int(),
  phases: z.array(shownPhase),
  holds: z.array(hold),
})

const notFound = ['rollout-not-found'] as const

const probe = z.object({
  at: z.string(),
  code: z.int().nullable().describe('The status of HTTP; null: it was not answered.'),
  milliseconds: z.number(),
  well: z.boolean(),
  why: z.string().nullable().describe('Why it was not answered.'),
})

const watchedNode = z.object({
  targetId: z.string(),
  phase: z.string(),
  upgradeId: z.string(),
  status: z.string(),
  from: z.string(),
  to: z.string(),
  startedAt: z.string(),
  completedAt: z.string().nullable(),
  code: z.string().nullable(),
  step: z
    .object({ name: z.string(), direction: z.enum(['there', 'back']), held: z.boolean() })
    .nullable()
    .describe('The step that its procedure began last, while it runs.'),
  instances: z
    .union([z.number(), z.string()])
    .nullable()
    .describe('What a step of the attempt has saved last under the name instances; null: none has.'),
  instancesAt: z.string().nullable(),
})

const watchedDomain = z.object({
  url: z.string(),
  everySeconds: z.int(),
  latest: probe.nullable().describe('Null: nobody has looked yet.'),
  failingSince: z.string().nullable().describe('Null: it is well, or nobody has looked.'),
  probes: z.int(),
  failed: z.int(),
  slowest: probe.nullable().describe('Of those that were answered.'),
  outages: z
    .array(z.object({ since: z.string(), until: z.string().nullable() }))
    .describe('The last 20, the oldest first.'),
  history: z.array(probe).describe('The last 60, the oldest first.'),
})

export const rolloutContracts = {
  startRollout: {
    summary: 'Start a rollout of several phases from a plan file',
    query: noQuery,
    body: rolloutPlan,
    document: true,
    answers: {
      202: {
        description: 'The rollout was asked for and goes on by itself.',
        schema: acknowledgement.extend({
          jobId: z.string(),
          planHash: z.string().nullable().describe('Null: it is planned in the background.'),
          approvals: neededApprovals,
        }),
      },
    },
    problems: [...planningProblems, 'phases-overlap'],
  },
  planRollout: {
    summary: 'Show what a start from the same plan file would do, and do nothing',
    query: noQuery,
    body: rolloutPlan,
    document: true,
    answers: { 200: { description: 'Every phase, planned by the planner of upgrades.', schema: planned } },
    problems: [...planningProblems, 'phases-overlap', 'fleet-too-large'],
  },
  listRollouts: {
    summary: 'List rollouts, newest first',
    query: z.strictObject({ ...paging, status: z.enum(upgradeStatuses).optional() }),
    answers: { 200: { description: 'One page.', schema: listOf('rollouts', listed) } },
  },
  getRollout: {
    summary: 'Read a rollout with its approvals and all that was asked for, now or as it was at an instant',
    params: byId,
    query: atInstant,
    answers: {
      200: {
        description: 'The rollout.',
        schema: status.extend({
          reason: z.string().nullable(),
          onFailure: z.string(),
          approvalsGiven: z.array(
            z.object({ by: z.string(), at: z.string(), comment: z.string().nullable() }),
          ),
          children: z.array(z.object({ rolloutId: z.string(), phases: z.array(z.string()), at: z.string() })),
          takenBackBy,
          abort: z.looseObject({}).nullable(),
          generation: z.int(),
          position,
          actions: possible(rolloutActions),
          breakGlassActions: possibleByGlass(rolloutActions),
          commit: z.int(),
        }),
      },
    },
    problems: notFound,
  },
  getRolloutStatus: {
    summary: 'Read the progress of a rollout, phase by phase',
    params: byId,
    query: atInstant,
    answers: { 200: { description: 'The progress.', schema: status } },
    problems: notFound,
  },
  getRolloutEvents: {
    summary: 'Tell the story of a rollout, one sentence an event',
    params: byId,
    query: storyPage,
    answers: {
      200: {
        description: 'Whole commits.',
        schema: listOf('events', story).extend({ rolloutId: z.string() }),
      },
    },
    problems: notFound,
  },
  getRolloutMonitor: {
    summary:
      'Watch a rollout: its nodes with their instances, and what customers meet at the domains of its plan',
    params: byId,
    query: z.strictObject({ ...paging, limit: wholeNumber(1, 50).default(20) }),
    answers: {
      200: {
        description: 'A page of nodes, in the order of the phases; all domains.',
        schema: listOf('nodes', watchedNode).extend({
          rolloutId: z.string(),
          at: z.string(),
          status: z.string(),
          domains: z.array(watchedDomain),
        }),
      },
    },
    problems: notFound,
  },
  getRolloutBlastRadius: {
    summary: 'Show from the log how much each phase ever exposed, and under which limit',
    params: byId,
    query: atInstant,
    answers: {
      200: {
        description: 'The figures of each phase that has begun.',
        schema: z.object({
          rolloutId: z.string(),
          proven: z.boolean(),
          phases: z.array(blastRadius.extend({ name: z.string() })),
        }),
      },
    },
    problems: notFound,
  },
  forecastRollout: {
    summary:
      'Say when a rollout will end, as a range, from how long others took; now, or as it was to be said at an instant',
    params: byId,
    query: atInstant,
    answers: {
      200: {
        description: 'The forecast.',
        schema: z.object({
          rolloutId: z.string(),
          ...forecastFields(
            'Null: it is over, is being aborted, has no plan yet, or has a phase that is planned when it begins.',
          ),
        }),
      },
    },
    problems: notFound,
  },
  explainRollout: {
    summary: 'Say why a rollout does not go on, and what each of its phases waits for',
    params: byId,
    query: atInstant,
    answers: {
      200: {
        description: 'In sentences.',
        schema: z.object({
          rolloutId: z.string(),
          at: z.string(),
          status: z.string(),
          why: z.array(z.string()),
          phases: z.array(z.object({ name: z.string(), why: z.array(z.string()) })),
        }),
      },
    },
    problems: notFound,
  },
  approveRollout: {
    summary: 'Approve the plan of all phases by their common hash',
    params: byId,
    query: noQuery,
    body: planApproval,
    answers: { 200: acknowledged('Approved.') },
    problems: [...notFound, 'self-approval', 'not-an-approver', 'conflict'],
  },
  rejectRollout: {
    summary: 'Reject a rollout that needs approval and has not begun, approved or not',
    params: byId,
    query: noQuery,
    body: rejection,
    answers: { 200: acknowledged('Rejected.') },
    problems: [...notFound, 'self-approval', 'not-an-approver', 'conflict'],
  },
  pauseRollout: {
    summary: 'Begin no phase and admit no target any more; what was accepted finishes',
    params: byId,
    query: noQuery,
    body: optionalReason,
    absentBody: {},
    answers: { 200: acknowledged('Paused.') },
    problems: [...notFound, 'conflict'],
  },
  resumeRollout: {
    summary: 'Go on after a pause. A phase that was paused by itself, or by its limits, is resumed by itself',
    params: byId,
    query: noQuery,
    body: z.strictObject({}),
    absentBody: {},
    answers: { 200: acknowledged('Resumed.') },
    problems: [...notFound, 'conflict'],
  },
  continueRollout: {
    summary: 'Let those begin that depend on a phase, although it did not end well or was overtaken',
    params: byId,
    query: noQuery,
    body: givenReason.extend({ phase: phaseName }),
    answers: { 200: acknowledged('They may begin.') },
    problems: [...notFound, 'phase-not-found', 'conflict'],
  },
  abortRollout: {
    summary: 'End a rollout early; with rollBack, take back what it changed, in reverse order',
    params: byId,
    query: noQuery,
    body: abortion,
    absentBody: {},
    answers: {
      202: {
        description: 'Aborting.',
        schema: acknowledgement.extend({
          rollbackId: z.string().nullable().describe('Null: nothing is to be taken back.'),
        }),
      },
    },
    problems: [...notFound, 'conflict'],
  },
  rollBackRollout: {
    summary:
      'Take back what a rollout changed, all of it or some phases, in the reverse order of what depends on what',
    params: byId,
    query: noQuery,
    body: rollback.safeExtend({
      phases: z.array(phaseName).min(1).max(50).optional().describe('Left out: all that have begun.'),
    }),
    absentBody: {},
    answers: {
      202: {
        description: 'The rollback has started.',
        schema: z.object({
          message: z.string(),
          rolloutId: z.string(),
          parentId: z.string(),
          jobId: z.string(),
          phases: z.array(z.string()),
        }),
      },
    },
    problems: [...notFound, 'phase-not-found', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
