import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { childSettings, endedStatuses, upgradeEvents, upgradeRequest } from './upgrade.ts'
import { instant, person, words } from './words.ts'

/** A rollout has at most so many phases. */
const phasesAtMost = 50

const index = z.int().min(0)
const phase = index.max(phasesAtMost - 1)

/** What customers meet while it runs: domains that are looked at from outside. */
export const rolloutMonitor = z.object({
  domains: z
    .array(
      z.object({
        url: z.string(),
        /** The statuses of HTTP with which it is well; null: any below 400. */
        status: z.array(z.int()).nullable(),
      }),
    )
    .min(1)
    .max(20),
  everySeconds: z.int().positive(),
})
export type RolloutMonitor = z.output<typeof rolloutMonitor>

/** What a rollout is to do beside its phases, with every default filled in. */
export const rolloutRequest = z.object({
  kind: z.enum(['deploy', 'rollback']),
  /** Of a rollback the rollout that it takes back. */
  parent: z.string().nullable(),
  name: words,
  approvals: z.object({
    required: z.int().min(0),
    approvers: z.array(person).nullable(),
    expiresInSeconds: z.int().positive(),
  }),
  /** What follows when a phase does not end well: somebody looks, or all of it is taken back. */
  onFailure: z.enum(['hold', 'rollback']),
  /** May it run while everything is stopped? Left out: no. It is a rollback then, has a reason, and a second person approves it. */
  breakGlass: z.exactOptional(z.literal(true)),
  reason: words.nullable(),
  /** The profile whose window starts it. Left out: somebody asked for it. */
  profile: z.exactOptional(z.string()),
  /** Who else had a hand in what it does, and does not approve it. Left out: nobody. */
  authors: z.exactOptional(z.array(person).max(100)),
  /** Left out: nothing is watched. */
  monitor: z.exactOptional(rolloutMonitor),
})
export type RolloutRequest = z.output<typeof rolloutRequest>

/** One phase: what it waits for, and the upgrade that it is. */
export const phaseDeclaration = z.object({
  name: z.string(),
  /** All of these phases have to end well before it begins. */
  dependsOn: z.array(phase),
  /** So long those that depend on it wait after its end. */
  pauseSeconds: z.int().min(0),
  /** Does it end well although some of its targets failed or were left out, within its limits? */
  exceptions: z.enum(['hold', 'accept']),
  does: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('deploy'), request: upgradeRequest }),
    /** Takes back all that this upgrade and its retries changed. */
    z.object({ kind: z.literal('rollback'), upgrade: z.string(), settings: childSettings }),
  ]),
})
export type PhaseDeclaration = z.output<typeof phaseDeclaration>

/** What was found by planning a phase: what its upgrade records when it begins. */
const phasePlan = upgradeEvents.shapes.UpgradePlanned.schema.omit({ told: true, exposure: true })
export type PhasePlan = z.output<typeof phasePlan>

/** Which phase an event is about. Its name was declared once, and is said again for who hears of one event alone. */
const ofPhase = { phase, name: z.string() }

/** How a phase ends: as its upgrade did, or nobody was left to upgrade. */
const phaseEnds = [...endedStatuses, 'nothing_to_do'] as const

export const rolloutEvents = defineEvents({
  RolloutRequested: { schema: z.object({ request: rolloutRequest, by: person }) },
  /** One for each phase, in the commit of the request. */
  PhaseDeclared: { schema: z.object({ phase, declaration: phaseDeclaration }) },
  /** One for each phase that has anything to do, in the commit of `RolloutPlanned`. */
  PhasePlanned: { schema: z.object({ phase, plan: phasePlan }) },
  RolloutPlanned: {
    schema: z.object({
      /** The root over the hashes of the phases' plans; approvals bind to it. */
      planHash: z.string(),
      members: index,
      /** First waves so large that they need approvals, whatever was asked for: how many. Left out: none. */
      exposure: z.exactOptional(z.object({ approvals: z.int().positive(), phases: z.array(phase) })),
    }),
  },
  /** Nothing begins before so many people have approved that hash: told once, with the plan. */
  ApprovalAwaited: {
    schema: z.object({
      planHash: z.string(),
      needed: z.int().positive(),
      /** Only these may give it; null: whoever is entitled. */
      approvers: z.array(person).nullable(),
      until: instant,
    }),
  },
  PlanningFailed: { schema: z.object({ code: z.string(), detail: words }) },
  ApprovalGiven: { schema: z.object({ by: person, planHash: z.string(), comment: words.nullable() }) },
  RolloutRejected: { schema: z.object({ by: person, reason: words }) },
  RolloutExpired: { schema: z.object({ detail: words }) },
  ExecutionStarting: { schema: z.object({ generation: z.int().positive(), reason: words }) },
  ExecutionEnded: {
    schema: z.object({ generation: z.int().positive(), status: z.string(), cause: words.nullable() }),
  },
  /** Nobody is left to upgrade in it: those that depend on it may begin. */
  PhaseSkipped: { schema: z.object(ofPhase) },
  /** Its upgrade begins: whoever finds that it has not begun begins it. */
  PhaseStarted: { schema: z.object({ ...ofPhase, upgrade: z.string() }) },
  /** Copied from the stream of its upgrade. */
  PhaseEnded: {
    schema: z.object({
      ...ofPhase,
      status: z.enum(phaseEnds),
      /** Of the upgrade; null: it had none. */
      planHash: z.string().nullable(),
      succeeded: index,
      /** Failed and unreachable ones. */
      failed: index,
      skipped: index,
      /** Did it end well? Only then may those begin that depend on it. */
      passed: z.boolean(),
    }),
  },
  /** So many of a phase that had ended well do not run what it put there any more: it counts for nothing until somebody accepts that. */
  PhaseOvertaken: { schema: z.object({ ...ofPhase, targets: z.int().positive() }) },
  /** Somebody lets those begin that depend on a phase, although it did not end well, or was overtaken. */
  PhaseAccepted: { schema: z.object({ ...ofPhase, by: person, reason: words }) },
  /** Its phases have this window from now on, those that run and those that begin later: its profile has opened another. */
  WindowMoved: { schema: z.object({ window: z.object({ start: instant, end: instant }) }) },
  RolloutPaused: { schema: z.object({ by: person, reason: words }) },
  RolloutResumed: { schema: z.object({ by: person }) },
  AbortRequested: {
    schema: z.object({
      by: person,
      reason: words,
      /** The rollout that then takes back what was changed; null: nothing is taken back. */
      rollback: z.string().nullable(),
      /** How that is to go; left out: as the upgrades say. */
      settings: z.exactOptional(childSettings),
      /** Why it shall go on even while everything is stopped; left out: it waits then. */
      breakGlass: z.exactOptional(words),
    }),
  },
  /** A rollout that takes this one back, or some of its phases. */
  ChildRequested: {
    schema: z.object({
      child: z.string(),
      phases: z.array(phase),
      by: person,
      reason: words,
      settings: childSettings,
      /** Does it break the glass, for that reason? Left out: no. */
      breakGlass: z.exactOptional(z.literal(true)),
    }),
  },
  RolloutAborted: { schema: z.object({}) },
  RolloutCompleted: { schema: z.object({ exceptions: z.boolean() }) },
  /** When the log wants to be asked again; null: never. `sequence` is dense: it feeds the row that the ticker reads. */
  WakeUpMoved: { schema: z.object({ at: instant.nullable(), sequence: z.int().positive() }) },
})

export type RolloutEvent = EventsOf<typeof rolloutEvents>
