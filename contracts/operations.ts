import * as z from 'zod'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, words } from './fields.ts'
import { againstRelease } from './upgrade-answers.ts'

const stops = z.object({
  stopped: z.boolean(),
  /** Those in force, the oldest first: everything stands still while any is there. */
  stops: z.array(z.object({ stopId: z.string(), reason: z.string(), by: z.string(), since: z.string() })),
})

const reason = z.strictObject({ reason: words(512) })

export const operationsContracts = {
  listApprovals: {
    summary:
      'List what waits for a person: plans to approve, of rollouts before those of upgrades, and canaries and rollouts to continue',
    query: z.strictObject(paging),
    answers: {
      200: {
        description: 'One page.',
        schema: listOf(
          'approvals',
          z.object({
            kind: z
              .enum(['upgrade', 'profile', 'rollout', 'step'])
              .describe(
                'What waits: an upgrade, one that a profile has started, a rollout, or a step of a procedure on one target.',
              ),
            upgradeId: z.string().nullable().describe('Null: it is a rollout.'),
            rolloutId: z
              .string()
              .nullable()
              .describe('The rollout, or the one that the upgrade is a phase of; null: neither.'),
            profileId: z.string().nullable().describe('The profile that has started it; null: none.'),
            name: z
              .string()
              .nullable()
              .describe('What the rollout or the step is called; null: it is neither.'),
            targetId: z.string().nullable().describe('Where the step is done; null: it is none.'),
            attempt: z.string().nullable().describe('Of which the step is one; null: it is none.'),
            step: z.string().nullable().describe('Its id in its procedure; null: it is none.'),
            ask: z.string().nullable().describe('What the step asks; null: it is none.'),
            phases: z
              .array(z.string())
              .nullable()
              .describe(
                'Of a rollout to continue: the phases that did not end well, or were overtaken, each of which is continued by itself. Null: it is none.',
              ),
            waitsFor: z
              .enum(['approve', 'continue', 'acknowledge', 'settle'])
              .describe('By which operation it is given.'),
            component: z.string().nullable().describe('Null: a rollout has one for each phase.'),
            version: z.string().nullable().describe('Null: a rollout has one for each phase.'),
            planHash: z.string().nullable(),
            total: z
              .int()
              .describe(
                'How many targets it takes; 0 of a rollback of a rollout, which is planned phase by phase.',
              ),
            reason: z
              .string()
              .nullable()
              .describe('Why it has to be approved although nobody asked for that; null: it was asked for.'),
            leftOutCounts: z
              .record(z.string(), z.int())
              .nullable()
              .describe(
                'How many its plan leaves out, by reason; null: it is a step, or a rollout, whose phases say it.',
              ),
            againstRelease,
            window: z
              .object({ start: z.string(), end: z.string() })
              .nullable()
              .describe('The window that it has now, which is approved with the plan.'),
            requestedBy: z.string(),
            requestedAt: z.string(),
            since: z.string(),
            lapses: z.string().nullable().describe('Until then it is waited for.'),
            needed: z.int(),
            given: z.int(),
            may: z
              .object({
                roles: z.array(z.string()),
                approvers: z.array(z.string()).nullable().describe('Null: whoever has such a role.'),
                except: z.array(z.string()),
              })
              .describe(
                'Who may: one of the roles, among the approvers where some are named, and none of the others.',
              ),
            youMay: z.boolean().describe('Is it for the caller to give?'),
            yours: z.boolean().describe('Did the caller ask for it?'),
          }),
        ),
      },
    },
  },
  getStop: {
    summary: 'Is everything stopped?',
    tagged: true,
    query: noQuery,
    answers: { 200: { description: 'Whether, and every stop in force.', schema: stops } },
  },
  stopEverything: {
    summary: 'Stop everything: no upgrade admits a target from now on',
    query: noQuery,
    body: reason,
    answers: {
      200: { description: 'Stopped.', schema: stops.extend({ stopId: z.string().nullable() }) },
    },
    problems: ['conflict'],
  },
  liftStop: {
    summary: 'Lift one stop; upgrades go on when it was the last',
    params: z.strictObject({ stopId: identifier }),
    // Not every client and proxy lets a DELETE have a body, and this one has to come through.
    query: reason,
    answers: { 200: { description: 'Lifted.', schema: stops } },
    problems: ['stop-not-found', 'conflict'],
  },
  getQueueStats: {
    summary: 'Count upgrades by what they wait for',
    query: noQuery,
    answers: {
      200: {
        description: 'The counts.',
        schema: z.object({
          waiting: z.int(),
          active: z.int(),
          completed: z.int(),
          failed: z.int(),
          delayed: z.int(),
        }),
      },
    },
  },
  getQueueJob: {
    summary: 'Read the job of an upgrade',
    params: z.strictObject({
      jobId: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}-[1-9][0-9]{0,5}$/, 'the jobId of an upgrade'),
    }),
    query: noQuery,
    answers: {
      200: {
        description: 'The job.',
        schema: z.object({
          jobId: z.string(),
          upgradeId: z.string(),
          state: z.enum(['waiting', 'active', 'completed', 'failed', 'delayed']),
          status: z.string(),
          progress: z.number(),
          requestedAt: z.string(),
          startedAt: z.string().nullable(),
          completedAt: z.string().nullable(),
        }),
      },
    },
    problems: ['job-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
