import type { PhaseDeclaration, RolloutEvent, RolloutRequest } from '../../../events/rollout.ts'
import type { Generation } from '../generation.ts'
import type { WakeUp } from '../wake-up.ts'
import type { Window } from '../window.ts'
import type { Standing } from './standing.ts'

type Data<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data']

/** How a phase ended, as the stream of its upgrade says. */
export type PhaseEnd = Omit<Data<'PhaseEnded'>, 'phase' | 'name'> & { readonly at: string }

/** One phase, by what the order of phases is decided from. What it does in full is in the log alone. */
export interface Phase {
  readonly name: string
  readonly kind: PhaseDeclaration['does']['kind']
  readonly dependsOn: readonly number[]
  readonly pauseSeconds: number
  readonly exceptions: PhaseDeclaration['exceptions']
  /** Of its plan; null: it has none, as nobody is left to upgrade, or its plan is not known before it begins. */
  readonly planHash: string | null
  readonly members: number
  /** Its upgrade; null: it has not begun. */
  readonly upgrade: string | null
  readonly startedAt: string | null
  /** Null: it has not ended. */
  readonly end: PhaseEnd | null
  /** How many did not run what it had put there when those that depend on it were to begin; null: nobody found that. */
  readonly overtaken: number | null
  /** Somebody lets those begin that depend on it, whatever it came to. */
  readonly accepted: boolean
}

export interface Approval {
  readonly by: string
  readonly at: string
  readonly comment: string | null
}

/** A rollout that takes this one back, or some of its phases. */
export type Child = Pick<Data<'ChildRequested'>, 'child' | 'phases'> & { readonly at: string }

/** A rollout that was asked for. */
export interface ExistingRollout {
  readonly stage: 'requested' | 'planned' | 'ended'
  readonly standing: Standing
  readonly request: RolloutRequest
  readonly requestedBy: string
  readonly requestedAt: string
  readonly phases: readonly Phase[]
  readonly planHash: string | null
  readonly plannedAt: string | null
  /** The phases whose first wave exposes so much that somebody else has to approve it. */
  readonly exposed: readonly number[]
  readonly approvals: readonly Approval[]
  /** The window that its phases have now; null: each that of its own declaration. */
  readonly window: Window | null
  /** Null: nobody has paused it. */
  readonly paused: (Data<'RolloutPaused'> & { readonly at: string }) | null
  readonly abort: (Data<'AbortRequested'> & { readonly at: string }) | null
  /** The last that were noted: the log has all. */
  readonly children: readonly Child[]
  readonly execution: Generation
  readonly wakeUp: WakeUp
}

/** The fold of one rollout's stream: plain JSON. */
export type RolloutState = { readonly stage: 'none' } | ExistingRollout

/** No rollout of this identity was ever asked for. */
export const initialRollout: RolloutState = { stage: 'none' }

/** Was a rollout of this identity ever asked for? */
export function exists(state: RolloutState): state is ExistingRollout {
  return state.stage !== 'none'
}

/** Has the rollout come to an end? Ends are final. */
export function hasEnded(state: RolloutState): boolean {
  return state.stage === 'ended'
}
