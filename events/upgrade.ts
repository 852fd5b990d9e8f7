import * as z from 'zod'
import { expression, procedureReference, request } from './procedure.ts'
import { defineEvents, type EventsOf } from './registry.ts'
import { type Tally, tally, writtenTally } from './tally.ts'
import { outcomes, regressions } from './target.ts'
import {
  approvingRoles,
  breachActions,
  comparisons,
  instant,
  name,
  othersOfGroups,
  person,
  strategies,
  upgradeKinds,
  words,
} from './words.ts'

const index = z.int().min(0)

/** Members of a plan as half-open ranges: [from, to]. */
const ranges = z.array(z.tuple([index, index]))
/** Ranges of members that are admitted once more, with the number of that admission: [from, to, n]. */
const admittedAgain = z.array(z.tuple([index, index, z.int().min(2)]))

const limit = z.object({
  /** Percent of a wave's members, skipped ones left out. */
  percent: z.number().min(0).max(100),
  absolute: z.int().min(0).nullable(),
})

const gate = z
  .object({
    successRatePercent: z.number().min(0).max(100),
    /** What follows where a wave has failed, by its members or by what was measured; left out: a pause. */
    action: z.exactOptional(z.enum(breachActions)),
  })
  .nullable()

/**
 * What is measured after a wave before anybody goes on: one call, of whose answer an expression makes a number; where both are null somebody else measures,
 * and says what came of it.
 */
const metric = z.object({
  name: z.string().min(1).max(64),
  request: request.nullable(),
  value: expression.nullable(),
  /** Instead of `request`, the queries that CloudWatch is asked (AWS, "GetMetricData"), whose texts are templates, of so many minutes of whole periods. Left out: none. */
  cloudwatch: z.exactOptional(
    z.object({ queries: z.array(z.json()), minutes: z.int().positive(), periodSeconds: z.int().positive() }),
  ),
  /** Within these bounds it is well; null: there is none on that side. */
  atLeast: z.number().nullable(),
  atMost: z.number().nullable(),
  everySeconds: z.int().positive(),
  /** How often it is to give a number, how many of these may be out of bounds, and how often it may give none. */
  count: z.int().positive(),
  failures: z.int().min(0),
  inconclusive: z.int().min(0),
  /** The bounds are those of a comparison with targets that are not upgraded yet, of so many pairs; fewer than `least` tell nothing. Left out: of the number itself. */
  control: z.exactOptional(
    z.object({
      compare: z.enum(comparisons),
      pairs: z.int().positive(),
      least: z.int().positive(),
    }),
  ),
})
export type Metric = z.output<typeof metric>

/** What follows when a wave is over: how long it bakes, what its gate asks, whether it waits for `continue`, and whose. */
const following = z.object({
  bakeSeconds: z.int().min(0),
  gate,
  continueByHand: z.boolean(),
  continueBySecondPerson: z.boolean(),
})
export type Following = z.output<typeof following>

/** So many targets, or such a share of the members of a plan. */
const amount = z.union([
  z.object({ targets: z.int().min(0) }),
  z.object({ percent: z.int().min(0).max(100) }),
])
export type Amount = z.output<typeof amount>

/** How an upgrade can end. */
export const endedStatuses = [
  'completed',
  'completed_with_exceptions',
  'failed',
  'aborted',
  'rejected',
  'expired',
] as const
export type EndedStatus = (typeof endedStatuses)[number]

/** What an upgrade shall do, with every default filled in: the request as it was understood. */
export const upgradeRequest = z.object({
  kind: z.enum(upgradeKinds),
  parent: z.string().nullable(),
  component: z.string(),
  /** The version asked for; `latest` and `stable` are resolved in the plan. A rollback has one for each member. */
  version: z.string(),
  /** The version that a moving word stands for, where that was judged before; left out: the plan resolves it. */
  judged: z.exactOptional(z.string()),
  strategy: z.enum(strategies),
  canaryPercent: z.number().nullable(),
  batchSize: z.int().nullable(),
  /** Of strategy percentages: how much is upgraded by the end of each, and what follows then. */
  percentages: z.exactOptional(
    z
      .array(following.extend({ percent: z.number().positive().max(100) }))
      .min(1)
      .max(20),
  ),
  /** Of strategy groups: `region`, or the name of a tag; its values in the order of their waves; and what becomes of all others. */
  groups: z.exactOptional(
    z.object({
      by: name,
      order: z.array(z.string().min(1).max(256)).min(1).max(100),
      others: z.enum(othersOfGroups),
    }),
  ),
  /** Of strategy rolling: how many members may be out of service at once, and how many more in flight. */
  rolling: z.exactOptional(z.object({ unavailable: amount, surge: amount })),
  /** Of strategy serial: from the end of one attempt to the next admission. */
  spacingSeconds: z.exactOptional(z.int().min(0)),
  selection: z.object({
    targets: z.array(z.string()).nullable(),
    types: z.array(z.string()).nullable(),
    regions: z.array(z.string()).nullable(),
    tags: z.record(z.string(), z.string()).nullable(),
    canaries: z.array(z.string()),
    /** The profile that started it: its filters and memberships decide, instead of the lists above. */
    profile: z.exactOptional(z.string()),
  }),
  /** Members in flight at once. */
  parallel: z.int().positive(),
  failures: limit.extend({ action: z.enum(breachActions) }),
  unreachable: limit,
  /** How many failures the whole upgrade bears, whatever each wave does; null: any. */
  budget: limit.nullable(),
  approvals: z.object({
    required: z.int().min(0),
    approvers: z.array(person).nullable(),
    expiresInSeconds: z.int().positive(),
  }),
  /** Does each wave wait for `continue` before the next? */
  continueByHand: z.boolean(),
  continueBySecondPerson: z.boolean(),
  window: z.object({ start: instant, end: instant }).nullable(),
  bakeSeconds: z.int().min(0),
  gate,
  /** Measured while each wave bakes, and for as long as that takes; left out: nothing is. */
  metrics: z.exactOptional(z.array(metric).min(1).max(5)),
  retry: z.object({
    attempts: z.int().min(0).max(5),
    delaySeconds: z.int().positive(),
    /** How many fewer are in flight after each failed try of this run; left out: none, and the waits are spread at random. */
    fewer: z.exactOptional(z.int().positive()),
  }),
  /** Is a target handed over only when it is ready? Left out: nobody asks. */
  preUpgradeChecks: z.exactOptional(z.literal(true)),
  /** While one of these is closed nobody is handed anything. */
  calendars: z.array(name),
  /** May `latest` or `stable` lead a target downwards? Left out: who runs something newer is left out. */
  allowDowngrade: z.exactOptional(z.literal(true)),
  /**
   * In seconds: until accepted, from acceptance to the end, the expected time of one attempt; how long somebody may take to continue, and how
   * long what is left over waits where no opening comes any more.
   */
  deadlines: z.object({
    accept: z.int().positive(),
    attempt: z.int().positive(),
    expected: z.int().positive(),
    continue: z.int().positive(),
    linger: z.int().min(0),
  }),
  /** Nobody has said how long an attempt should take: the plan says it by those that there were, where enough are known. */
  expectedByHistory: z.exactOptional(z.literal(true)),
  /** May it run while everything is stopped? Needs a reason and a second person (break-glass). */
  breakGlass: z.boolean(),
  /** Why a rollback may go to releases that were withdrawn. Needs a second person, like break-glass; left out: it leaves those targets out. */
  toWithdrawn: z.exactOptional(words),
  /** Does a retry take those too that were skipped? */
  skippedToo: z.exactOptional(z.literal(true)),
  /** By which procedure each target is upgraded; left out: by its agent. */
  procedure: z.exactOptional(procedureReference),
  reason: words.nullable(),
  /** Who else shaped what is asked for, and does not approve it; left out: nobody but who asks. */
  authors: z.exactOptional(z.array(person).max(100)),
})
export type UpgradeRequest = z.output<typeof upgradeRequest>

/** How a rollback or a retry is to go, where that is said; its kind says how it goes otherwise. */
export const childSettings = z.object({
  parallel: z.exactOptional(z.int().positive()),
  batchSize: z.exactOptional(z.int().positive()),
  failures: z.exactOptional(limit),
  /** In seconds, from acceptance to the end of one attempt. */
  attempt: z.exactOptional(z.int().positive()),
  window: z.exactOptional(z.object({ start: instant, end: instant })),
  ignoreWindow: z.exactOptional(z.boolean()),
  toWithdrawn: z.exactOptional(words),
  skippedToo: z.exactOptional(z.literal(true)),
})
export type ChildSettings = z.output<typeof childSettings>

/** Waves as cumulative cuts over the plan's order, or as equal batches: a thousand batches stay one number. */
export const waveCuts = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cuts'), cuts: z.array(index) }),
  z.object({ kind: z.literal('batches'), size: z.int().positive() }),
])
export type WaveCuts = z.output<typeof waveCuts>

/** Which phase of which rollout an upgrade is; left out where it is none. */
const phaseOf = z.object({
  id: z.string(),
  phase: index,
  /** Who has approved the rollout, where that lets its phases run while everything is stopped, or go to withdrawn releases; left out: nobody had to. */
  approvedBy: z.exactOptional(z.array(person)),
})

/** What is said of a request beside its plan: what may not be meant, and which other upgrades at work hold targets of it. */
export const planTold = z.object({
  warnings: z
    .array(
      z.object({
        code: z.string(),
        detail: words,
        /** Where it stands in the request, and what stands there; null: it is about all of it. */
        field: z.string().nullable(),
        value: z.string().nullable(),
      }),
    )
    .max(50),
  overlaps: z.array(z.object({ upgrade: z.string(), targets: z.int().positive() })).max(50),
})
export type PlanTold = z.output<typeof planTold>

/** As much as an upgrade may use of a budget, by a grant, which is a commit of the budget's stream. */
const share = z.object({ budget: z.string().max(160), share: index, grant: index })

/** What was written whole is read as what leaves out what most are, and as what writes times short. */
const wholeOrLess = (data: object) => data

/** Ends copied from the targets' streams, each citing its commit there. What most of them are is not written. */
const outcomesRecorded = z.object({
  outcomes: z.array(
    z.object({
      member: index,
      n: z.int().positive(),
      outcome: z.enum(outcomes).default('succeeded'),
      code: z.string().nullable().default(null),
      /** Does the member wait for another admission, and as what? */
      again: z.enum(['retry', 'deferred']).nullable().default(null),
      commit: z.int().positive(),
      /** Of a deferral: the upgrade whose attempt was under way. */
      busyWith: z.exactOptional(z.string()),
    }),
  ),
  /** From when on members that wait for another admission may have it, by chunk and kind of wait. */
  due: z.array(z.object({ chunk: index, kind: z.enum(['retry', 'deferred']), at: instant })).default([]),
  /** The same ends, counted; left out: none of them is to be. */
  tally: z.exactOptional(tally),
})

export const upgradeEvents = defineEvents({
  UpgradeRequested: {
    schema: z.object({
      request: upgradeRequest,
      by: person,
      /** It was planned ahead of a window of its profile: nothing begins before that says that the window opened. Left out: it need not. */
      awaitsOpening: z.exactOptional(z.literal(true)),
      rollout: z.exactOptional(phaseOf),
    }),
  },
  UpgradePlanned: {
    schema: z.object({
      planHash: z.string(),
      version: z.string(),
      digest: z.string().nullable(),
      /** The channel that its release was in then, or, of a rollback, the one that is taken back; left out: nobody knew. */
      channel: z.exactOptional(name),
      members: index,
      waves: waveCuts,
      /** Percentages whose wave would have been empty. */
      droppedWaves: z.array(z.number()),
      /**
       * Which percentage, or which group, of the request each wave is of, by its place there; one place beyond the groups: all others. Left out:
       * the request has neither.
       */
      entries: z.exactOptional(z.array(index).max(110)),
      /** How many members are critical: they are the last; left out: none, or a plan of before that was told. */
      critical: z.exactOptional(z.int().positive()),
      /** Of strategy rolling: how many members may be out of service at once, and how many more in flight. */
      rolling: z.exactOptional(z.object({ unavailable: index, surge: index })),
      /** Of strategy serial: from the end of one attempt to the next admission. */
      spacingSeconds: z.exactOptional(index),
      /** How many were left out, by reason. */
      leftOut: z.record(z.string(), z.int().positive()),
      policyVersion: index,
      releaseVersion: index,
      /** The hash over the policies that bind it, each with its revision; left out: none do. */
      rules: z.exactOptional(z.string()),
      /** A first wave so large that it needs approvals, whatever was asked for: how many, and how many targets it takes of how many. */
      exposure: z.exactOptional(z.object({ approvals: z.int().positive(), firstWave: index, fleet: index })),
      /**
       * How long one attempt should take by so many that succeeded before, in seconds; left out: as the request says. It is no part of the hash: what
       * is approved is who goes when, and the figure moves with every attempt.
       */
      expected: z.exactOptional(z.object({ seconds: z.int().positive(), attempts: z.int().positive() })),
      /** What whoever waited for the plan was told beside it; left out: nobody waited. */
      told: z.exactOptional(planTold),
    }),
  },
  PlanningFailed: { schema: z.object({ code: z.string(), detail: words }) },
  /** The plan, and the window that it had then, are approved. */
  ApprovalGiven: {
    schema: z.object({
      by: person,
      planHash: z.string(),
      window: z.object({ start: instant, end: instant }).nullable(),
      comment: words.nullable(),
      /** As what they approved; left out: nobody asked. */
      role: z.exactOptional(z.enum(approvingRoles)),
      /** What it counts for, where policies ask for approvals too; left out: for what the request asks for. */
      counts: z.exactOptional(z.object({ request: z.boolean(), policies: z.array(name).max(3) })),
    }),
  },
  /** What policies ask for approvals now, in place of those before; how many of the approvals that there are count for each. */
  ApprovalsDemanded: {
    schema: z.object({
      demands: z
        .array(
          z.object({
            policy: name,
            revision: z.int().positive(),
            required: z.int().positive(),
            given: index,
            expiresInSeconds: z.int().positive(),
          }),
        )
        .max(3),
    }),
  },
  /** What was approved is no longer what would run: approvals given before count no more, and nothing is admitted before there are new ones. */
  ApprovalsVoided: { schema: z.object({ by: person, reason: words }) },
  /** Nothing begins, or goes on, before so many people have approved: told with whatever began the wait, or changed who is waited for. */
  ApprovalAwaited: {
    schema: z.object({
      planHash: z.string(),
      window: z.object({ start: instant, end: instant }).nullable(),
      /** What the request asks for. */
      needed: index,
      given: index,
      /** Only these may give it; null: whoever is entitled. */
      approvers: z.array(person).nullable(),
      /** What policies ask for beside it. */
      demands: z.array(z.object({ policy: name, required: z.int().positive(), given: index })).max(3),
      until: instant,
    }),
  },
  UpgradeRejected: { schema: z.object({ by: person, reason: words }) },
  UpgradeExpired: { schema: z.object({ detail: words }) },
  ExecutionStarting: { schema: z.object({ generation: z.int().positive(), reason: words }) },
  ExecutionEnded: {
    schema: z.object({ generation: z.int().positive(), status: z.string(), cause: words.nullable() }),
  },
  WaveStarted: { schema: z.object({ wave: index }) },
  TargetsAdmitted: {
    schema: z.object({
      wave: index,
      /** Admitted for the first time. */
      members: ranges,
      /** Admitted again after a failure. */
      retried: admittedAgain,
      /** Admitted again after the target was busy or the admission was withdrawn. */
      readmitted: admittedAgain,
      /** Not accepted by then: unreachable; withdrawn, where it is the end of the opening that ends this time. */
      acceptBy: instant,
      closing: z.exactOptional(z.literal(true)),
      /** What the admission was checked against (design: #admission). */
      policyVersion: index,
      releaseVersion: index,
      /** Which commit of the policies; left out: there have never been any. */
      rulesVersion: z.exactOptional(z.int().positive()),
      /** The shares of what policies bound over all upgrades together; left out: none do. */
      budgets: z.exactOptional(z.array(share).max(6)),
    }),
  },
  /** Of a share that it was granted, it uses no more than this from now on. */
  ShareKept: { schema: share },
  OutcomesRecorded: {
    schema: outcomesRecorded,
    upcasters: [wholeOrLess, wholeOrLess],
    // A commit of a few ends is to be one unit, and so is one that loses to it.
    written: ({
      outcomes,
      due,
      tally,
    }: z.output<typeof outcomesRecorded>): z.input<typeof outcomesRecorded> => ({
      outcomes: outcomes.map(({ outcome, code, again, ...cited }) => ({
        ...cited,
        ...(outcome !== 'succeeded' && { outcome }),
        ...(code !== null && { code }),
        ...(again !== null && { again }),
      })),
      ...(due.length > 0 && { due }),
      ...(tally && { tally: writtenTally(tally) }),
    }),
  },
  /** How attempts ended since the last of these: each of them is in one. Every one makes a row of its own. */
  AttemptsTallied: {
    schema: z.object({
      /** The day of all of them, in UTC. */
      day: z.iso.date(),
      kind: z.enum(upgradeKinds),
      component: z.string(),
      /** Of a rollback, the version that is taken back. */
      version: z.string(),
      /** Null: nobody knew it when it was planned. */
      channel: name.nullable(),
      tally,
    }),
    upcasters: [wholeOrLess, wholeOrLess],
    written: (data: { readonly tally: Tally }) => ({ ...data, tally: writtenTally(data.tally) }),
  },
  /**
   * Members of the present wave had succeeded and have failed after all, as the targets' streams say, which are cited. `more`: so many did that
   * no others of this wave are told apart, nor counted.
   */
  MembersRegressed: {
    schema: z.object({
      wave: index,
      members: z.array(
        z.object({
          member: index,
          n: z.int().positive(),
          outcome: z.enum(regressions),
          code: z.string().nullable(),
          commit: z.int().positive(),
        }),
      ),
      more: z.exactOptional(z.literal(true)),
    }),
  },
  /** The reactor asks these members' targets whether their attempts have run out. */
  DeadlinePassed: { schema: z.object({ members: ranges }) },
  /** A target answered that its attempt may run on until then. */
  DeadlineMoved: { schema: z.object({ chunk: index, until: instant }) },
  /** An operator took these out, an abort did, or nothing opens for them any more. */
  MembersSkipped: {
    schema: z.object({
      members: ranges,
      /** What they were until then. */
      was: z.enum(['pending', 'retrying', 'deferred']),
      code: z.string(),
      by: person,
    }),
  },
  /** The upgrade is aborted, or nothing opens any more: members that waited for another try count as failed. */
  RetriesGivenUp: { schema: z.object({ members: ranges }) },
  ThresholdBreached: {
    schema: z.object({
      wave: index,
      /** `budget`: failures of the whole upgrade; `unavailable`: members of it that are out of service and in nobody's hands. */
      kind: z.enum(['failures', 'unreachable', 'budget', 'unavailable']),
      count: index,
      allowed: index,
      action: z.enum(breachActions),
    }),
  },
  WaveEnded: { schema: z.object({ wave: index }) },
  /** `least`: where it is measured, it is not over before, and by `until` at the latest. */
  BakeStarted: { schema: z.object({ wave: index, until: instant, least: z.exactOptional(instant) }) },
  /** What one look at a metric gave: a number, or why there is none. `metric` is its place in the request, `n` counts its looks in this wave. */
  MeasurementTaken: {
    schema: z.object({
      wave: index,
      metric: index,
      name: z.string(),
      n: z.int().positive(),
      value: z.number().nullable(),
      why: words.nullable(),
      result: z.enum(['good', 'bad', 'inconclusive']),
      /** Who measured it, where somebody else did. */
      by: z.exactOptional(person),
      /** What was compared: the number of the upgraded, that of those who are not yet, and how many there were of each. */
      compared: z.exactOptional(z.object({ upgraded: z.number(), control: z.number(), pairs: index })),
    }),
  },
  /** By whom, and why, where somebody ended it early. */
  BakeEnded: {
    schema: z.object({ wave: index, by: z.exactOptional(person), reason: z.exactOptional(words) }),
  },
  GateEvaluated: {
    schema: z.object({
      wave: index,
      result: z.enum(['passed', 'failed', 'inconclusive']),
      successRatePercent: z.number().nullable(),
      required: z.number(),
      /** Members that succeeded and have not been heard of since: neither passed nor failed. Left out: none. */
      silent: z.exactOptional(z.int().positive()),
      /** The metric that did not pass, and why; left out: none, or it did not come to that. */
      metric: z.exactOptional(z.string()),
      reason: z.exactOptional(words),
    }),
  },
  /** Nobody continued it by then: it is paused. */
  ContinueAwaited: { schema: z.object({ wave: index, until: instant }) },
  ContinueGiven: { schema: z.object({ wave: index, by: person }) },
  HoldPlaced: {
    schema: z.object({
      code: z.enum(['WINDOW_CLOSED', 'FREEZE', 'POLICY', 'BUDGET']),
      until: instant.nullable(),
      ref: z.string().nullable(),
      /** When the wait ends by itself, as nothing opens any more; null: it does not. */
      lapses: instant.nullable(),
    }),
  },
  HoldLifted: { schema: z.object({ code: z.enum(['WINDOW_CLOSED', 'FREEZE', 'POLICY', 'BUDGET']) }) },
  /** Targets are admitted though everything is stopped, or a calendar closed: break-glass, with what it is in spite of. */
  FreezeOverridden: { schema: z.object({ ref: words, freeze: words, since: instant, breakGlass: words }) },
  /** From now on these calendars bind it. */
  CalendarsBound: { schema: z.object({ calendars: z.array(name), by: person }) },
  WindowSet: { schema: z.object({ start: instant, end: instant, by: person }) },
  UpgradePaused: { schema: z.object({ by: person, reason: words }) },
  UpgradeResumed: {
    schema: z.object({
      by: person,
      /** How many of the whole upgrade they had seen, and accept; left out: none that nobody had accepted before. */
      acknowledged: z.exactOptional(z.object({ failed: index, unreachable: index })),
    }),
  },
  AbortRequested: {
    schema: z.object({
      by: person,
      reason: words,
      rollBack: z.boolean(),
      /** Why what it touched is taken back even while everything is stopped; left out: not before the stop is lifted. */
      breakGlass: z.exactOptional(words),
      /** The rollback that whoever asked was told of, and how it is to go; left out: nobody was told, and as rollbacks go. */
      rollback: z.exactOptional(z.object({ child: z.string(), settings: childSettings })),
    }),
  },
  /** A child upgrade that takes members of the family back, or tries the failed ones again: all of them, or one `target`. */
  ChildRequested: {
    schema: z.object({
      child: z.string(),
      kind: z.enum(['retry', 'rollback']),
      target: z.string().nullable(),
      by: person,
      /** What the child is begun with, by whoever finds that it is not there. */
      request: upgradeRequest,
      rollout: z.exactOptional(phaseOf),
      /** Whom its plan leaves out: how many for each reason, and the first of them. Left out: nobody, or it is planned later. */
      leftOut: z.exactOptional(
        z.object({
          counts: z.record(z.string(), z.int().positive()),
          first: z.array(z.object({ target: z.string(), reason: z.string() })).max(100),
        }),
      ),
    }),
  },
  UpgradeAborted: { schema: z.object({}) },
  UpgradeCompleted: { schema: z.object({ exceptions: z.boolean() }) },
  /** When the log wants to be asked again; null: never. `sequence` is dense: it feeds the row that the ticker reads. */
  WakeUpMoved: { schema: z.object({ at: instant.nullable(), sequence: z.int().positive() }) },
})

export type UpgradeEvent = EventsOf<typeof upgradeEvents>
