import type { UpgradeRequest, WaveCuts } from '../../../events/upgrade.ts'
import { type MemberCounts, noCounts } from './counts.ts'
import type { OpenChunks } from './members.ts'

export type UpgradeStatus =
  | 'requested'
  | 'pending_approval'
  | 'scheduled'
  | 'running'
  | 'paused'
  | 'aborting'
  | 'aborted'
  | 'completed'
  | 'completed_with_exceptions'
  | 'failed'
  | 'rejected'
  | 'expired'

const endedStatuses: ReadonlySet<UpgradeStatus> = new Set([
  'aborted',
  'completed',
  'completed_with_exceptions',
  'failed',
  'rejected',
  'expired',
])

export type HoldCode =
  | 'WINDOW_CLOSED'
  | 'FREEZE'
  | 'GATE_FAILED'
  | 'GATE_INCONCLUSIVE'
  | 'BAKING'
  | 'APPROVAL'
  | 'OPERATOR'

/** A reason why the upgrade does not advance now, and what would end it. */
export interface Hold {
  readonly code: HoldCode
  readonly since: string
  readonly until: string | null
  readonly ref: string | null
  readonly unblock: string
}

/** What ends each hold, in words for the person who reads it. */
const unblockedBy: Readonly<Record<HoldCode, string>> = {
  WINDOW_CLOSED: 'The window opens, or an operator resumes with another window.',
  FREEZE: 'Somebody lifts the stop with a reason.',
  GATE_FAILED: 'An operator looks at the failures and resumes, aborts or rolls back.',
  GATE_INCONCLUSIVE: 'An operator judges the wave, since there is no data, and resumes or aborts.',
  BAKING: 'The bake time ends.',
  APPROVAL: 'Somebody entitled approves or continues.',
  OPERATOR: 'An operator resumes or aborts.',
}

/** What a hold cites that waits for the second person of a break-glass. */
export const breakGlassRef = 'break-glass'

/** Returns what ends a hold, in words for the person who reads it. */
export function unblockOf({ code, ref }: Pick<Hold, 'code' | 'ref'>): string {
  return code === 'APPROVAL' && ref === breakGlassRef
    ? 'Somebody else than who asked approves (break-glass); it then runs even while everything is stopped.'
    : unblockedBy[code]
}

/** Where the present wave stands: gates, approvals and bakes lie between `active` and `passed`. */
export type WaveStage = 'none' | 'active' | 'baking' | 'gated' | 'awaiting' | 'passed'

export interface AcceptedPlan {
  readonly planHash: string
  readonly version: string
  readonly digest: string | null
  readonly members: number
  readonly waves: WaveCuts
  readonly droppedWaves: readonly number[]
  readonly leftOut: Readonly<Record<string, number>>
  readonly policyVersion: number
  readonly releaseVersion: number
}

/** The fold of one upgrade's stream: plain JSON, at most 16 KB at any fleet size. */
export interface UpgradeState {
  readonly request: UpgradeRequest | null
  readonly requestedBy: string
  readonly requestedAt: string
  readonly status: UpgradeStatus
  /** What a pause interrupted. */
  readonly resumesTo: 'pending_approval' | 'scheduled' | 'running'
  readonly plan: AcceptedPlan | null
  readonly plannedAt: string | null
  readonly approvals: readonly { readonly by: string; readonly at: string; readonly comment: string | null }[]
  readonly window: { readonly start: string; readonly end: string } | null
  /** A profile planned it ahead of its window: nothing begins before the profile says that the window opened. */
  readonly awaitsOpening: boolean
  readonly generation: number
  /** When the present execution was decided. */
  readonly generationAt: string | null
  /** The wave at which the present execution took over: its history is bounded by the waves since. */
  readonly generationWave: number
  /** Has anything advanced since the present execution was started? */
  readonly progressed: boolean
  /** Executions in a row that ended without any progress, and when the next may start. */
  readonly fruitless: number
  readonly restartAt: string | null
  readonly wave: number
  readonly stage: WaveStage
  readonly waveStartedAt: string | null
  readonly waveCounts: MemberCounts
  /** Members of the present wave that were skipped before it began. */
  readonly skippedBefore: number
  /** Failures and unreachable ones of the present wave that an operator has seen and accepted by resuming. */
  readonly acknowledged: { readonly failed: number; readonly unreachable: number }
  /** The first member that was never admitted, skipped ones passed over. */
  readonly cursor: number
  readonly chunks: OpenChunks
  readonly counts: MemberCounts
  readonly holds: readonly Hold[]
  readonly bakeUntil: string | null
  /** The most failed tries after which any member was to be tried again. */
  readonly failedTries: number
  readonly abort: {
    readonly by: string
    readonly reason: string
    readonly rollBack: boolean
    readonly breakGlass?: string
  } | null
  /** Since when the stop was in force in spite of which it last admitted targets. */
  readonly overrode: string | null
  readonly children: readonly {
    readonly child: string
    readonly kind: 'retry' | 'rollback'
    /** The one target that it is for; null: for all. */
    readonly target: string | null
    readonly at: string
  }[]
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly failure: { readonly code: string; readonly detail: string } | null
  /** When the log wants to be asked again; null: never. */
  readonly nextDue: string | null
  readonly wakeUps: number
}

export const initialUpgrade: UpgradeState = {
  request: null,
  requestedBy: '',
  requestedAt: '',
  status: 'requested',
  resumesTo: 'scheduled',
  plan: null,
  plannedAt: null,
  approvals: [],
  window: null,
  awaitsOpening: false,
  generation: 0,
  generationAt: null,
  generationWave: 0,
  progressed: false,
  fruitless: 0,
  restartAt: null,
  wave: -1,
  stage: 'none',
  waveStartedAt: null,
  waveCounts: noCounts,
  skippedBefore: 0,
  acknowledged: { failed: 0, unreachable: 0 },
  cursor: 0,
  chunks: {},
  counts: noCounts,
  holds: [],
  bakeUntil: null,
  failedTries: 0,
  abort: null,
  overrode: null,
  children: [],
  startedAt: null,
  endedAt: null,
  failure: null,
  nextDue: null,
  wakeUps: 0,
}

/** Has the upgrade come to an end? Ends are final. */
export function hasEnded(state: UpgradeState): boolean {
  return endedStatuses.has(state.status)
}

/** Does an upgrade of this identity exist? */
export function exists(state: UpgradeState): state is UpgradeState & { request: UpgradeRequest } {
  return state.request !== null
}

/** Returns the hold of a code, where there is one. */
export function holdOf(state: UpgradeState, code: HoldCode): Hold | undefined {
  return state.holds.find((hold) => hold.code === code)
}
