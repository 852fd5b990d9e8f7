import * as z from 'zod'
import { breachActions } from '../events/words.ts'

/** What a command on an upgrade answers. */
export const acknowledgement = z.object({ message: z.string(), upgradeId: z.string(), status: z.string() })

/** The number of a wave. */
const wave = z.int().min(1).describe('Its number, from 1, as sentences say it.')

/** The group of a wave. */
const group = z
  .string()
  .nullable()
  .describe(
    'The region, or the value of the tag, that its targets have, of an upgrade by groups; null: those of all other values and of none, or it has no groups.',
  )

/** Groups that have no wave. */
export const droppedGroups = z
  .array(z.string())
  .describe('Values of groups.order that no target has: their waves would be empty.')

/** Why something does not advance now. */
export const hold = z.object({
  code: z.string(),
  since: z.string(),
  until: z.string().nullable(),
  ref: z.string().nullable(),
  unblock: z.string(),
  /** When the wait ends by itself, whatever comes of it then; null: it does not. */
  lapses: z.string().nullable(),
})

/** How many approvals there are; `withinSeconds` is how long they are waited for. */
export const countedApprovals = z.object({
  needed: z.int(),
  given: z.int(),
  withinSeconds: z.int(),
  demanded: z
    .array(
      z.object({
        policy: z.string(),
        revision: z.int(),
        required: z.int(),
        given: z.int(),
        expiresInSeconds: z.int(),
      }),
    )
    .optional()
    .describe('What policies ask for beside the request, and how many there are; left out: none ever did.'),
})

/** Why it ended before it was through; null: it did not. */
export const failure = z.object({ code: z.string(), detail: z.string() }).nullable()

const counts = {
  total: z.int(),
  completed: z.int(),
  failed: z.int(),
  inProgress: z.int(),
  skipped: z.int(),
  unreachable: z.int(),
  rolledBack: z.int(),
  retrying: z.int(),
  deferred: z.int(),
}

const defects = z
  .object({
    outcomes: z.int(),
    failed: z.int(),
    confidencePercent: z.number(),
    atLeastPercent: z.number(),
    atMostPercent: z.number(),
  })
  .nullable()
  .describe(
    'Which shares of defective targets the outcomes so far leave possible: each bound holds with this confidence. Null: there is no outcome yet.',
  )

/** C2: the seed's fields, and where the upgrade stands. */
export const upgradeStatus = z.object({
  upgradeId: z.string(),
  component: z.string(),
  version: z.string(),
  strategy: z.string(),
  ...counts,
  status: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  wave: z.int().min(0).describe('Number of the present wave, from 1; 0: none has begun.'),
  waveCount: z.int(),
  waves: z.array(
    z.object({
      wave,
      group,
      size: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      unreachable: z.int(),
      skipped: z.int(),
    }),
  ),
  holds: z.array(hold),
  defects,
})

const rolloutId = z.string().nullable().describe('The rollout that it is a phase of; null: it stands alone.')

const takenBackBy = z
  .object({ upgradeId: z.string(), status: z.string().describe('How that rollback stands.') })
  .nullable()
  .describe(
    'The rollback of all of it that was asked for last; null: none was. Those of one target are among its children.',
  )

/** An upgrade in a list. */
export const upgradeSummary = upgradeStatus.extend({
  id: z.string(),
  jobId: z.string(),
  kind: z.string(),
  parentId: z.string().nullable(),
  rolloutId,
  requestedBy: z.string(),
  requestedAt: z.string(),
  planHash: z.string().nullable(),
  approvals: countedApprovals,
  failure,
  takenBackBy,
})

/** What a first wave shows of a release before others follow. */
export const canary = z
  .object({
    size: z.int(),
    allowedFailures: z.int(),
    confidencePercent: z.number(),
    seesPercent: z
      .number()
      .describe(
        'Where more targets than this are defective, at least one of the first wave fails, with this confidence.',
      ),
    stopsPercent: z
      .number()
      .nullable()
      .describe(
        'Where more are, more of the first wave fail than may, with this confidence; null: all of it may fail.',
      ),
    sizeToSee: z
      .array(z.object({ percent: z.number(), size: z.int() }))
      .describe('How large a first wave has to be to see this share.'),
  })
  .nullable()
  .describe('What the first wave can show before others follow; null: there is one wave alone.')

/** How long one attempt should take, by which admissions end before a window does, and the forecast is made. */
export const expectedAttempt = z
  .object({
    seconds: z.int(),
    source: z.enum(['declared', 'history', 'default']),
    attempts: z
      .int()
      .nullable()
      .describe('From how many attempts it is known; null: it is not from history.'),
  })
  .describe(
    'How long one attempt should take: as the request says, or what 95 % of so many attempts on the component that succeeded last took, or 300 seconds.',
  )

/** Where the execution of a state machine is, as the log decides it. */
export const position = z
  .object({
    move: z.string().describe('What the execution does next; its state machine routes by it.'),
    place: z.int(),
  })
  .describe('Where its execution is: the log decides it, whatever has become of the execution.')

/** What may be asked of something as it stands, by the operations that ask for it. */
export const possible = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z
    .array(z.enum(names))
    .describe(
      'What may be asked of it as it stands, by operation: what is not here is refused to everybody, or would change nothing; but for a resume of what is not paused, which only moves its window, and for breakGlassActions. Who may is said by roles and approvals. What is here may still be refused: whether there is room for it, which targets are left to be taken back or tried again, and what another upgrade at work has of them is looked up when it is asked.',
    )

/** What of that only whoever breaks the glass may ask for. */
export const possibleByGlass = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z
    .array(z.enum(names))
    .describe(
      'What may be asked of it with breakGlass alone, as a rollback is at work, or asked for, that a stop holds: it then waits for the approval of a second person.',
    )

/** What may be asked of an upgrade. */
const upgradeActions = [
  ...(['approveUpgrade', 'rejectUpgrade', 'continueUpgrade', 'resumeUpgrade', 'pauseUpgrade'] as const),
  ...(['endBake', 'retryFailed', 'rollBackUpgrade', 'abortUpgrade'] as const),
] as const

/** What stands against a release. */
export const againstRelease = z
  .array(
    z.object({
      code: z.enum(['withdrawn', 'blocked', 'held_back']),
      detail: z.string(),
      unblock: z.string().nullable().describe('What ends that; null: nothing does.'),
    }),
  )
  .describe('What stands against its release; empty: nothing, or it is a rollback.')

const failures = z
  .array(
    z.object({
      code: z.string(),
      count: z.int(),
      targetId: z.string().describe('The last target that failed so.'),
      said: z.string().nullable().describe('What was said of that, in one line; null: nothing.'),
    }),
  )
  .describe(
    'What targets have failed with, those included that are to be tried again: the five most common codes, critical ones first, as the last 500 commits of its story tell it.',
  )

/** An upgrade by itself: the fold of its stream in the words of the API. */
export const upgradeDetail = upgradeStatus.extend({
  id: z.string(),
  kind: z.string(),
  parentId: z.string().nullable(),
  rolloutId,
  requestedBy: z.string(),
  requestedAt: z.string(),
  reason: z.string().nullable(),
  planHash: z.string().nullable(),
  request: z.looseObject({}),
  plan: z
    .object({
      planHash: z.string(),
      version: z.string(),
      digest: z.string().nullable(),
      members: z.int(),
      waves: z.array(z.int()),
      leftOut: z.record(z.string(), z.int()),
      droppedWaves: z.array(z.number()),
      droppedGroups,
      rolling: z
        .object({ unavailable: z.int(), surge: z.int() })
        .nullable()
        .describe(
          'Of strategy rolling: how many may be out of service at once, and how many more in flight.',
        ),
      spacingSeconds: z
        .int()
        .nullable()
        .describe('Of strategy serial: from the end of one attempt to the next admission.'),
      exposure: z
        .object({ approvals: z.int(), firstWave: z.int(), fleet: z.int() })
        .nullable()
        .describe(
          'A first wave that needs approvals, whatever was asked for; null: it exposes no more than one person may.',
        ),
      expectedAttempt,
      policyVersion: z.int(),
      releaseVersion: z.int(),
    })
    .nullable(),
  approvals: z
    .array(
      z.object({
        by: z.string(),
        at: z.string(),
        window: z.object({ start: z.string(), end: z.string() }).nullable(),
        comment: z.string().nullable(),
      }),
    )
    .describe('Those that count, each with the window that it stands for; null: always.'),
  children: z.array(
    z.object({
      upgradeId: z.string(),
      kind: z.string(),
      targetId: z.string().nullable().describe('The one target that it is about; null: all.'),
      at: z.string(),
    }),
  ),
  takenBackBy,
  failure,
  failures,
  againstRelease,
  window: z.object({ start: z.string(), end: z.string() }).nullable(),
  generation: z.int(),
  jobId: z.string(),
  position,
  actions: possible(upgradeActions),
  breakGlassActions: possibleByGlass(upgradeActions),
  commit: z.int(),
})

/** C3: one row of the seed's log, in its field names. */
export const upgradeLog = z.object({
  id: z.string(),
  customer_id: z.string(),
  component: z.string(),
  from_version: z.string(),
  to_version: z.string(),
  status: z.string(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  output: z.string().nullable(),
  error: z.string().nullable(),
})

export const story = z.object({
  commit: z.int(),
  at: z.string(),
  actor: z.string(),
  sentence: z.string(),
  type: z.string(),
  data: z
    .looseObject({})
    .describe('The event as the log has it, but for `wave`: here too the number of the wave, from 1.'),
})

/** What is said beside a plan. */
export const saidBeside = {
  warnings: z
    .array(
      z.object({
        code: z.string(),
        detail: z.string(),
        field: z.string().nullable().describe('Where it stands in the request; null: it is about all of it.'),
        value: z.string().nullable(),
      }),
    )
    .describe('What is allowed and may not be meant; 50 at most.'),
  overlaps: z
    .array(z.object({ upgradeId: z.string(), targets: z.int() }))
    .describe(
      'Which other upgrades at work hold how many of the targets selected. At most 50 live upgrades are looked through; a warning says where these were not all.',
    ),
}

/** How many approvals are needed. */
export const neededApprovals = z
  .object({ required: z.int(), reason: z.string().nullable() })
  .describe(
    'How many people have to approve it, and why, where that is more than the request asks for: a first wave of more than 100 targets that is also more than 20 % of those that run the component needs a second person (both figures are parameters of the deployment).',
  )

/** A wave as it is planned, and what follows it. */
export const plannedWave = z.object({
  wave,
  group,
  percent: z.number().nullable().describe('Of strategy percentages: which of them it belongs to.'),
  size: z.int(),
  allowedFailures: z.int(),
  allowedUnreachable: z.int(),
  inFlight: z.int().describe('How many of its targets may be in flight at once.'),
  maxUnavailable: z
    .int()
    .nullable()
    .describe(
      'Of strategy rolling: how many targets may be out of service at once, those that have failed or were unreachable included. When these alone use it up, it is paused.',
    ),
  spacingSeconds: z.int().describe('From the end of one attempt to the next admission.'),
  bakeSeconds: z
    .int()
    .describe('How long it is watched when it is over; 0 after the last wave without a gate.'),
  gate: z
    .object({
      successRatePercent: z.number(),
      action: z
        .exactOptional(z.enum(breachActions))
        .describe('What follows where the wave has failed; left out: pause.'),
    })
    .nullable(),
  continues: z
    .enum(['by-itself', 'by-hand', 'by-second-person'])
    .describe('Who lets the next wave begin; of the last wave: by-itself.'),
})

export const boundProcedure = z
  .object({ name: z.string(), revision: z.int(), hash: z.string() })
  .nullable()
  .describe('The procedure that each target is upgraded by, as the plan hash binds it; null: by its agent.')

const inRange = <Value extends z.ZodType>(value: Value) =>
  z.object({ earliest: value, likely: value, latest: value })

/** When something will end. */
export const forecast = z.object({
  ends: inRange(z.string())
    .nullable()
    .describe(
      'Four of five times it ends from `earliest` to `latest`, half of the times by `likely`. Null: it waits for somebody, now or later, or too few durations are known.',
    ),
  seconds: inRange(z.int().nullable())
    .nullable()
    .describe(
      'The same in seconds from now on, without the waits for anybody; null in it: no opening is known in which it would end. Null: fewer than ten durations are known, or more than 10,000 waves are left.',
    ),
  waitsFor: z
    .array(z.object({ code: z.string(), times: z.int() }))
    .describe('Holds, now or to come, of which nobody knows when they end, and how often.'),
  basis: z
    .object({ durations: z.int(), upgrades: z.int() })
    .describe('How many durations it is made from, and of how many upgrades.'),
})

/** How often forecasts came true. */
const trackRecord = z
  .object({ judged: z.int(), inside: z.int() })
  .describe(
    'Of the last ones that ran to their end, ten at most (upgrades of the same component; rollouts): for how many a forecast could be made when they began, and how many of those ended within its range.',
  )

/** What a read of a forecast says beside what it is about; `none` says where there is none. */
export const forecastFields = (none: string) => ({
  at: z.string(),
  forecast: forecast.nullable().describe(none),
  track: trackRecord.nullable().describe('Null where there is no forecast.'),
})

/** A target that a plan leaves out. */
export const leftOutOfPlan = z.object({
  targetId: z.string(),
  reason: z.string(),
  detail: z
    .string()
    .optional()
    .describe('With incompatible: what it does not meet of what the release asks for.'),
})

/** Who would wait for an agent. */
export const withoutAgent = z
  .int()
  .describe(
    'For how many of those that would be upgraded no agent has ever enrolled: nothing is installed there before one has. 0 where a procedure does it.',
  )

export const planned = z.object({
  planHash: z.string(),
  version: z.string(),
  digest: z.string().nullable(),
  procedure: boundProcedure,
  total: z.int(),
  waves: z.array(plannedWave),
  canary,
  droppedWaves: z
    .array(z.number())
    .describe('Percentages that add nobody: what follows them follows no other.'),
  droppedGroups,
  members: z.array(z.object({ targetId: z.string(), from: z.string(), to: z.string(), wave })),
  leftOut: z.array(leftOutOfPlan),
  leftOutCounts: z.record(z.string(), z.int()),
  withoutAgent,
  ...saidBeside,
  approvals: neededApprovals,
  window: z.object({ start: z.string(), end: z.string() }).nullable(),
  expectedAttempt,
  expectedFinish: z.string(),
  forecast,
  truncated: z.boolean(),
})

/** Where an upgrade would have stopped. */
export const replayed = z.object({
  upgradeId: z.string(),
  stops: z
    .object({
      kind: z.enum(['failures', 'unreachable', 'budget', 'unavailable', 'gate']),
      wave,
      count: z.int().nullable().describe('How many there were; null: it is a gate.'),
      allowed: z.int().nullable(),
      reason: z.string(),
      at: z.string(),
      commit: z.int().nullable().describe('Null: in other waves than there were.'),
    })
    .nullable()
    .describe('Null: nothing of these rules stops it, as far as the log goes.'),
  exposed: z.int().describe('How many were ever handed the release by then.'),
  succeeded: z.int(),
  failed: z.int(),
  unreachable: z.int(),
  inFlight: z.int(),
  seconds: z
    .number()
    .nullable()
    .describe(
      'From its first wave to there, with the time that people took, unless it is played in other waves; null: it had none.',
    ),
  known: z
    .boolean()
    .describe(
      'Does the log say how it ends? No, where it was ended before these rules would have stopped it.',
    ),
})

export const blastRadius = z.object({
  upgradeId: z.string(),
  limits: z.object({ parallel: z.int() }),
  proven: z.boolean(),
  /** Who let it run even while everything was stopped, and which stops it went on in spite of; null: nobody did. */
  breakGlass: z
    .object({
      reason: z.string().nullable(),
      requestedBy: z.string(),
      approvals: z.array(z.object({ by: z.string(), at: z.string(), commit: z.int() })),
      overrode: z.array(z.object({ freeze: z.string(), since: z.string(), commit: z.int() })),
    })
    .nullable(),
  waves: z.array(
    z.object({
      wave,
      size: z.int(),
      largestInFlight: z.object({ count: z.int(), limit: z.int(), commit: z.int() }),
      exposed: z.object({ count: z.int(), limit: z.int(), commit: z.int() }),
      failures: z.object({ count: z.int(), allowed: z.int(), commit: z.int() }),
    }),
  ),
})
