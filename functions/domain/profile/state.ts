import type { ProfileDefinition, ProfileEvent, SkipReason, UpgradeSummary } from '../../../events/profile.ts'
import type { Decision } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** How many windows and summaries the state keeps; the log keeps all of them. */
export const kept = 20

/** `error`: it took itself out of service, because of a critical failure, and waits for somebody to activate it again (P13). */
export type ProfileStatus = 'active' | 'inactive' | 'error' | 'deleted'

/** An upgrade, or a rollout, that the profile started and that has not ended. */
export interface Execution {
  readonly upgrade: string
  /** Is it a rollout? */
  readonly rollout: boolean
  readonly reason: 'window' | 'emergency'
  readonly scheduledAt: string | null
  readonly startedAt: string
  /** Does it begin only once it is approved? */
  readonly approved: boolean
  /** When the window that it runs in closes; null: it is bound to none. */
  readonly end: string | null
  /** The codes about which an alert was raised in this execution. */
  readonly alerts: readonly string[]
}

/** Returns what runs, in words that begin a sentence. */
export function namedExecution({ upgrade, rollout }: Pick<Execution, 'upgrade' | 'rollout'>): string {
  return `${rollout ? 'Rollout' : 'Upgrade'} ${upgrade}`
}

/** Upgrades that were planned ahead of a window, so that people can approve them before it opens (ADR 0017). */
export interface PlannedWindow {
  readonly scheduledAt: string
  readonly end: string
  /** Those that have not started, in the order in which they run; never none. */
  readonly upgrades: readonly { readonly upgrade: string; readonly component: string }[]
}

/** What became of one occurrence of the schedule. */
export type WindowResult =
  | {
      readonly scheduledAt: string
      readonly result: 'opened'
      readonly end: string
      readonly upgrade: string
      readonly resumed: boolean
    }
  | { readonly scheduledAt: string; readonly result: SkipReason; readonly detail: string }

/** Sums over all summaries: averages come from these, so they cover more than the last few. */
export interface Totals {
  readonly executions: number
  readonly successful: number
  readonly failed: number
  readonly cancelled: number
  readonly targeted: number
  readonly succeeded: number
  readonly failedResources: number
  readonly skipped: number
  readonly rolledBack: number
  readonly seconds: number
  readonly bytes: number
  readonly peak: number
  /** Failures by code; the rarest give way when there are more than a hundred. */
  readonly failures: Readonly<Record<string, number>>
}

/** The fold of one profile's stream: plain JSON. */
export interface ProfileState {
  /** Null before it is created. It outlives the deletion, as history does. */
  readonly definition: ProfileDefinition | null
  readonly status: ProfileStatus
  /** Why it is inactive, and since when; null while it is active. */
  readonly deactivated: { readonly reason: string; readonly by: string; readonly at: string } | null
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  /** Who edited it last: the requester of its upgrades. */
  readonly updatedBy: string
  /** Who has edited it, and when last, since what it runs was last approved. */
  readonly editors: readonly { readonly by: string; readonly at: string }[]
  readonly deletedAt: string | null
  /** Since when the present schedule is in force: occurrences before are none of it. */
  readonly scheduledSince: string
  /** The last windows, oldest first by their scheduled time. */
  readonly windows: readonly WindowResult[]
  /** Occurrences up to this one were judged and are forgotten. */
  readonly judgedThrough: string | null
  readonly running: Execution | null
  readonly planned: PlannedWindow | null
  /** The last summaries, oldest first. */
  readonly summaries: readonly UpgradeSummary[]
  readonly totals: Totals
  readonly lastExecutionAt: string | null
}

export const noTotals: Totals = {
  executions: 0,
  successful: 0,
  failed: 0,
  cancelled: 0,
  targeted: 0,
  succeeded: 0,
  failedResources: 0,
  skipped: 0,
  rolledBack: 0,
  seconds: 0,
  bytes: 0,
  peak: 0,
  failures: {},
}

export const initialProfile: ProfileState = {
  definition: null,
  status: 'inactive',
  deactivated: null,
  createdAt: '',
  createdBy: '',
  updatedAt: '',
  updatedBy: '',
  editors: [],
  deletedAt: null,
  scheduledSince: '',
  windows: [],
  judgedThrough: null,
  running: null,
  planned: null,
  summaries: [],
  totals: noTotals,
  lastExecutionAt: null,
}

/** A decision about a profile. */
export type ProfileDecision = (state: ProfileState, now: string) => Decision<ProfileEvent, Rejection>

/** A profile that was created: its definition is known. */
export type ExistingProfile = ProfileState & { readonly definition: ProfileDefinition }

/** Returns whether a profile was created and not deleted. */
export function exists(state: ProfileState): state is ExistingProfile {
  return state.definition !== null && state.status !== 'deleted'
}

/** Returns what became of an occurrence: `forgotten` when it was judged too long ago, undefined when it was not judged. */
export function judged(state: ProfileState, scheduledAt: string): WindowResult | 'forgotten' | undefined {
  const found = state.windows.find((window) => window.scheduledAt === scheduledAt)
  if (found) return found
  return state.judgedThrough !== null && scheduledAt <= state.judgedThrough ? 'forgotten' : undefined
}
