import type { RolloutEvent } from '../../../events/rollout.ts'
import { after, day } from '../../../events/time.ts'
import { type Decision, reject } from '../aggregate.ts'
import { nextGeneration } from '../generation.ts'
import type { Rejection } from '../rejection.ts'
import { wakeUpMoved } from '../wake-up.ts'
import { evolve } from './evolve.ts'
import { exists, hasEnded, type RolloutState } from './state.ts'
import { earliestDue } from './wake-up.ts'

/** A decision about a rollout: `command => (state, now)`, where `now` is an ISO instant. */
export type RolloutDecision = (state: RolloutState, now: string) => Decision<RolloutEvent, Rejection>

/** A decision in the making: each event is folded at once, so that what follows from it can be decided in the same commit. */
export class Draft {
  readonly now: string
  readonly events: RolloutEvent[] = []
  #state: RolloutState

  constructor(state: RolloutState, now: string) {
    this.#state = state
    this.now = now
  }

  get state(): RolloutState {
    return this.#state
  }

  add(event: RolloutEvent): void {
    this.events.push(event)
    this.#state = evolve(this.#state, event, { commit: 0, at: this.now, actor: '' })
  }

  /** Starts the next generation when the pause after a fruitless one is over. */
  restartWhenDue(): void {
    const state = this.#state
    const next = exists(state) && !hasEnded(state) ? nextGeneration(state, this.now) : undefined
    if (next) this.add(next)
  }

  /**
   * Returns the decision, with the wake-up moved where it has to be: a rollout that lives is asked at least once a day. `exact`: it has just been used.
   */
  decision({ exact = false } = {}): Decision<RolloutEvent, Rejection> {
    const state = this.#state
    if (!exists(state)) return { events: this.events }
    const due = hasEnded(state) ? null : (earliestDue(state, this.now) ?? after(this.now, day))
    const moved = wakeUpMoved(state.wakeUp, due, { exact })
    if (moved && (this.events.length > 0 || exact)) this.add(moved)
    return { events: this.events }
  }
}

/** Returns the decision to refuse, with a stable code and words that say what would be right. */
export function refuse(code: string, detail: string): { readonly rejected: Rejection } {
  return reject({ code, detail })
}
