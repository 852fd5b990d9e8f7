import * as z from 'zod'
import type { Contract } from './contract.ts'
import { identifier, noQuery } from './fields.ts'

/** By what attempts are grouped. */
const groupings = ['day', 'component', 'release', 'channel', 'region'] as const

/** The longest range, in days. */
export const daysAtMost = 92

const dayInUtc = z.iso
  .date({ error: 'a day as 2026-01-31' })
  .describe('A day in UTC, as 2026-01-31; both ends belong to the range.')

const isOrdered = ({ from, to }: { from?: string | undefined; to?: string | undefined }) =>
  from === undefined || to === undefined || from <= to

const duration = z.object({
  count: z.int().describe('How many were timed: those that succeeded.'),
  meanSeconds: z.number().nullable().describe('Null: none was timed.'),
  p95Seconds: z
    .number()
    .nullable()
    .describe(
      'What 95 of 100 took at most: never less than it was, and at most 19 % more, or an eighth of a second.',
    ),
})

const figures = z.object({
  attempts: z
    .int()
    .describe(
      'Tries on targets that ended, retries counted each, and what an agent rejected as failed; rollbacks are none.',
    ),
  succeeded: z.int(),
  failed: z.int(),
  unreachable: z.int(),
  rollbacks: z.int().describe('Targets that took themselves back, or that a rollback has taken back.'),
  successRate: z.number().nullable().describe('Percent of the attempts; null: there was none.'),
  rollbackRate: z.number().nullable().describe('Rollbacks in percent of the attempts; null: there was none.'),
  mostCommonFailure: z
    .object({ code: z.string(), count: z.int() })
    .nullable()
    .describe(
      'Null: nothing failed. OTHER: those that were too many to be told apart, or came without a code.',
    ),
  times: z
    .object({ acceptance: duration, work: duration })
    .describe('From the offer to its acceptance, and from there to the end.'),
  steps: z
    .array(duration.extend({ step: z.string() }))
    .describe('Of the procedures that drove them; none by region.'),
})

export const analyticsContracts = {
  getAnalytics: {
    summary: 'How attempts ended, and how long they took: by day, component, release, channel or region',
    query: z
      .strictObject({
        from: dayInUtc.optional(),
        to: dayInUtc.optional(),
        by: z.enum(groupings).default('day'),
        component: identifier.optional().describe('Only this one.'),
      })
      .refine(isOrdered, { path: ['from'], error: 'a day that is not after `to`' }),
    answers: {
      200: {
        description: 'The groups, and all of it together.',
        schema: z.object({
          from: z.string(),
          to: z.string(),
          by: z.enum(groupings),
          total: figures,
          groups: z
            .array(
              figures.extend({
                key: z
                  .string()
                  .nullable()
                  .describe('The day, component, component@version, channel or region; null: none.'),
              }),
            )
            .describe('Days in their order, else the most attempts first.'),
          groupsLeftOut: z.int().describe('How many groups come after these; the total has them.'),
        }),
      },
    },
  },
  getMetrics: {
    summary: 'Counters and times of all attempts, for Prometheus',
    query: noQuery,
    openMetrics: true,
    answers: {
      200: { description: 'OpenMetrics 1.0.', schema: z.string() },
    },
  },
} as const satisfies Partial<Record<string, Contract>>
