import type { Tally } from '../../../events/tally.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import type { Generation } from '../generation.ts'
import type { ApprovingRole } from '../rules/demands.ts'
import type { WakeUp } from '../wake-up.ts'
import type { Window } from '../window.ts'
import type { Chunks } from './chunks.ts'
import type { MemberCounts } from './counts.ts'
import type { Standing } from './standing.ts'

/** What the planner found, as the log keeps it. */
export type RecordedPlan = Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']

/** What the planner found, as the upgrade keeps it: what somebody was told beside it is in the log alone. */
export type AcceptedPlan = Omit<RecordedPlan, 'told'>

/** What is kept of the executions that drive the upgrade; the number of the present one is its standing's generation. */
export interface Execution extends Generation {
  /** The wave at which the present one took over: its history is bounded by the waves since. */
  readonly fromWave: number
}

/** An upgrade that takes members of this one back, or tries them again. */
export interface Child {
  readonly child: string
  readonly kind: 'retry' | 'rollback'
  /** The one target that it is for; null: for all. */
  readonly target: string | null
  readonly at: string
}

export interface Approval {
  readonly by: string
  readonly at: string
  /** The window that it stands for; null: always. A profile's next opening takes its place. */
  readonly window: Window | null
  readonly comment: string | null
  /** As what they approved; left out: nobody asked. */
  readonly role?: ApprovingRole
}

/** Which phase of which rollout an upgrade is. */
export type PhaseOf = NonNullable<Extract<UpgradeEvent, { type: 'UpgradeRequested' }>['data']['rollout']>

export type Abort = Extract<UpgradeEvent, { type: 'AbortRequested' }>['data'] & {
  /** When it was asked for first. */
  readonly at: string
}

/** What there may be too much of: in a wave, or in the whole upgrade failures (`budget`) and members that are out of service (`unavailable`). */
export type LimitKind = 'failures' | 'unreachable' | 'budget' | 'unavailable'

/** The wave that is at work, or the last one that was. */
export interface Wave {
  /** From 0. */
  readonly number: number
  readonly startedAt: string
  /** The commit in which it began: what came of its members stands after it. */
  readonly commit: number
  readonly counts: MemberCounts
  /** How many of its members were skipped before it began. */
  readonly skippedBefore: number
  /** Failures and unreachable ones that an operator has seen and accepted by resuming. */
  readonly acknowledged: { readonly failed: number; readonly unreachable: number }
  /** Those of its members that failed after they had succeeded; `more`: there are others, which are not told apart. */
  readonly regressed: { readonly members: readonly number[]; readonly more: boolean }
  /** How many its gate knew of that had succeeded and fallen silent. */
  readonly silent: number
  /** What was measured after it, by the places of the metrics in the request; shorter, where nothing was measured yet. */
  readonly measured: readonly Measured[]
}

/** How often a metric was looked at, was out of bounds, and gave no number. */
export interface Measured {
  readonly taken: number
  readonly bad: number
  readonly inconclusive: number
}

/** What every upgrade has from its request on. */
interface Known {
  readonly standing: Standing
  readonly request: UpgradeRequest
  readonly requestedBy: string
  readonly requestedAt: string
  /** The request's, until it is given another. */
  readonly window: Window | null
  /** The request's, until it is bound by others. */
  readonly calendars: readonly string[]
  /** The last that were noted: the log has all. */
  readonly children: readonly Child[]
  /** How many others were noted before, and are in the log alone. */
  readonly childrenBefore: number
  readonly abort: Abort | null
  /** The rollout that it is a phase of, and which; null: it is none. */
  readonly rollout: PhaseOf | null
  readonly wakeUp: WakeUp
}

/** What an upgrade has that is not over. */
interface AtWork extends Known {
  readonly execution: Execution
  /** A profile planned it ahead of its window: nothing begins before the profile says that the window opened. */
  readonly awaitsOpening: boolean
  /** Who gave it the window that it has; null: its request or its profile did. */
  readonly windowBy: string | null
}

/** What an upgrade has from its plan on. */
interface WithPlan extends AtWork {
  readonly plan: AcceptedPlan
  readonly plannedAt: string
  readonly approvals: readonly Approval[]
  /** From when on the approvals that it lacks are waited for. */
  readonly approvalsSince: string
  readonly chunks: Chunks
}

/** As much of a budget as an upgrade may use, and by which grant. */
export interface Share {
  readonly share: number
  readonly grant: number
}

/** What an upgrade has from its first wave on. */
export interface WithWave extends WithPlan {
  readonly wave: Wave
  /** The limits that are exceeded, until somebody has acknowledged what exceeds them. */
  readonly breached: readonly LimitKind[]
  /** Failures of the whole upgrade that somebody has seen and accepted by resuming. */
  readonly acknowledgedFailures: number
  /** Members of the whole upgrade that are out of service, as somebody has seen and accepted by resuming. */
  readonly acknowledgedLosses: number
  /** Since when neither window nor stop nor pause has kept everybody out. */
  readonly openSince: string
  /** The most failed tries after which any member was to be tried again. */
  readonly failedTries: number
  /** Stops and closed calendars in spite of which it admitted targets, and since when they were in force; the latest comes last. */
  readonly overrode: readonly { readonly ref: string; readonly since: string }[]
  /** By budget, what it may use of it at most, and by which grant, as it has said last. */
  readonly shares: Readonly<Record<string, Share>>
  /** How attempts ended that are in no `AttemptsTallied` yet, and since when there are any; left out: none are. */
  readonly untold?: { readonly since: string; readonly tally: Tally }
  /** How many were admitted in the last hour, as [instant, how many]; none, where no policy bounds that. */
  readonly lately: readonly (readonly [string, number])[]
}

/** Asked for, and not planned yet. */
export interface Requested extends AtWork {
  readonly stage: 'requested'
}

/** Planned: it waits for approvals, or for its first wave. */
export interface Planned extends WithPlan {
  readonly stage: 'planned'
}

/** Targets of a wave are admitted, or wait to be. */
export interface InWave extends WithWave {
  readonly stage: 'in-wave'
}

/** A wave is over: bake, gate and a person's word come before the next, or before the end. */
export interface BetweenWaves extends WithWave {
  readonly stage: 'between-waves'
  readonly awaits: /** Since when, until when at most, and, where it is measured, at least. */
    | { readonly kind: 'bake'; readonly since: string; readonly least: string; readonly until: string }
    /** A gate did not pass: somebody has to look. */
    | { readonly kind: 'operator' }
    | { readonly kind: 'continue'; readonly until: string }
    | null
}

/** Over, for good. */
export interface Ended extends Known {
  readonly stage: 'ended'
  /** Null: it ended before it was planned. */
  readonly plan: AcceptedPlan | null
  readonly approvals: readonly Approval[]
  /** The budgets that it had a share of, or has still. */
  readonly budgets: readonly string[]
}

/** An upgrade whose members are known and that is not over. */
export type PlannedUpgrade = Planned | InWave | BetweenWaves

/** An upgrade that has been asked for. */
export type ExistingUpgrade = Requested | PlannedUpgrade | Ended

/** The fold of one upgrade's stream: plain JSON, at most 16 KB at any fleet size. */
export type UpgradeState = { readonly stage: 'none' } | ExistingUpgrade

/** No upgrade of this identity was ever asked for. */
export const initialUpgrade: UpgradeState = { stage: 'none' }

/** Was an upgrade of this identity ever asked for? */
export function exists(state: UpgradeState): state is ExistingUpgrade {
  return state.stage !== 'none'
}

/** Has the upgrade come to an end? Ends are final. */
export function hasEnded(state: UpgradeState): state is Ended {
  return state.stage === 'ended'
}

/** Is the upgrade planned and not over? */
export function isPlanned(state: UpgradeState): state is PlannedUpgrade {
  return state.stage === 'planned' || hasBegun(state)
}

/** Has the first wave begun, and the upgrade not ended? */
export function hasBegun(state: UpgradeState): state is InWave | BetweenWaves {
  return state.stage === 'in-wave' || state.stage === 'between-waves'
}

/** Returns the plan of an upgrade, where it was ever planned. */
export function planOf(state: UpgradeState): AcceptedPlan | null {
  return isPlanned(state) || hasEnded(state) ? state.plan : null
}

/** Returns the profile that an upgrade is of; undefined when it is of none. */
export function profileOf(state: UpgradeState): string | undefined {
  return exists(state) ? state.request.selection.profile : undefined
}
