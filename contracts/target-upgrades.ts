import * as z from 'zod'
import { stepHolds, upgradeStates } from '../events/procedure.ts'
import type { Contract } from './contract.ts'
import { byId, identifier, noQuery, versionName, words } from './fields.ts'

const rate = z.number().min(0).max(100).nullable()
const seconds = z.number().nullable()

const held = z
  .object({
    why: z.enum(stepHolds),
    ask: z.string(),
  })
  .nullable()
  .describe(
    'What is waited for: the word of a person, of a message that was sent a callback, or the agent; but for acknowledgement see POST …/steps/{step}/settle.',
  )

const figures = {
  attempts: z.int().describe('Those that have begun, those under way included; rollbacks are not.'),
  succeeded: z.int(),
  failed: z.int(),
  successRate: rate.describe('Of those that are over, in percent; null: none is.'),
  failureRate: rate,
  averageSeconds: seconds.describe('From their beginning to their end, those that failed included.'),
  longestSeconds: seconds,
}

/** One target and its upgrade, in the words of seed 003. */
export const targetUpgradeContracts = {
  getUpgradeState: {
    summary: "Read what a target's upgrade is at",
    tagged: true,
    params: byId,
    query: noQuery,
    answers: {
      200: {
        description: 'Of the attempt under way, or else of the last.',
        schema: z.object({
          targetId: z.string(),
          state: z.enum(upgradeStates),
          upgradeId: z.string().nullable(),
          attempt: z.string().nullable(),
          component: z.string().nullable(),
          from: z.string().nullable(),
          to: z.string().nullable(),
          procedure: z.string().nullable(),
          step: z.string().nullable().describe('The step that it is at, or at which it has failed.'),
          held,
          code: z.string().nullable().describe('Of a failure.'),
          details: z.string().nullable().describe('Of a failure, in words.'),
          startedAt: z.string().nullable(),
          completedAt: z.string().nullable(),
        }),
      },
    },
    problems: ['target-not-found'],
  },
  startTargetUpgrade: {
    summary: 'Upgrade one target to the newest release, by the procedure that its tag `procedure` names',
    params: byId,
    query: noQuery,
    body: z.strictObject({
      component: identifier
        .nullable()
        .default(null)
        .describe('May be left out where the target runs only one.'),
      version: versionName.default('latest'),
      reason: words(512).nullable().default(null),
    }),
    absentBody: {},
    answers: {
      200: {
        description: 'There is nothing to do.',
        schema: z.object({
          targetId: z.string(),
          message: z.literal('No updates available for this domain'),
          component: z.string(),
          version: z.string().nullable().describe('What the target runs.'),
        }),
      },
      202: {
        description: 'It starts, or is under way.',
        schema: z.object({
          targetId: z.string(),
          message: z.literal('Starting upgrade process...'),
          component: z.string(),
          version: z.string(),
          upgradeId: z.string(),
          jobId: z.string(),
        }),
      },
    },
    problems: [
      ...([
        'target-not-found',
        'procedure-not-registered',
        'nothing-to-upgrade',
        'release-withdrawn',
      ] as const),
      ...(['release-not-registered', 'conflict'] as const),
    ],
  },
  acknowledgeAlerts: {
    summary: 'Acknowledge the alerts for which an upgrade waits',
    params: byId,
    query: noQuery,
    body: z.strictObject({
      attempt: z.uuid().nullable().default(null).describe('Left out: the one under way.'),
      comment: words(512).default('acknowledged'),
    }),
    absentBody: { comment: 'acknowledged' },
    answers: {
      200: {
        description: 'It is kept who acknowledged them, and when; the upgrade goes on.',
        schema: z.object({
          targetId: z.string(),
          message: z.string(),
          attempt: z.string(),
          step: z.string(),
          acknowledgedBy: z.string(),
        }),
      },
    },
    problems: ['target-not-found', 'step-not-held', 'conflict'],
  },
  getTargetUpgradeLogs: {
    summary: "Read the messages of a target's upgrade, in Markdown",
    markdown: true,
    tagged: true,
    params: byId,
    query: noQuery,
    answers: {
      200: { description: 'Those of the attempt under way, or else of the last.', schema: z.string() },
    },
    problems: ['target-not-found'],
  },
  getUpgradeMetrics: {
    summary: "Read how a target's upgrades have gone",
    tagged: true,
    params: byId,
    query: noQuery,
    answers: {
      200: {
        description: 'Of all of its upgrades, as its stream tells them.',
        schema: z.object({
          targetId: z.string(),
          ...figures,
          alerts: z.int().describe('How often an upgrade has waited for somebody to acknowledge alerts.'),
          alertFrequency: z.number().nullable().describe('Alerts an attempt.'),
          rollbacks: z.int(),
          components: z.array(z.object({ component: z.string(), ...figures })),
        }),
      },
    },
    problems: ['target-not-found'],
  },
} as const satisfies Record<string, Contract>
