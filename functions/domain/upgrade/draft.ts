import { after, day } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { wakeUpMoved } from '../wake-up.ts'
import { approvalAwaited } from './awaiting.ts'
import { evolve } from './evolve.ts'
import { hasEnded, type UpgradeState } from './state.ts'
import { untoldAttempts } from './telling.ts'
import { earliestDue } from './wake-up.ts'

/** A decision about an upgrade: `command => (state, now)`, where `now` is an ISO instant. */
export type UpgradeDecision = (state: UpgradeState, now: string) => Decision<UpgradeEvent, Rejection>

/** What nothing of the present wave comes after. */
const ends: ReadonlySet<UpgradeEvent['type']> = new Set(['WaveEnded', 'UpgradeAborted', 'UpgradeCompleted'])

/** A decision in the making: each event is folded at once, so that what follows from it can be decided in the same commit. */
export class Draft {
  readonly now: string
  readonly events: UpgradeEvent[] = []
  readonly #before: UpgradeState
  #state: UpgradeState

  constructor(state: UpgradeState, now: string) {
    this.#before = state
    this.#state = state
    this.now = now
  }

  get state(): UpgradeState {
    return this.#state
  }

  /** Folds an event; before one that ends a wave, or the upgrade, stands how its attempts ended. */
  add(event: UpgradeEvent): void {
    if (ends.has(event.type)) this.tell()
    this.#fold(event)
  }

  /** Adds how attempts ended that nothing has told yet, where there are any. */
  tell(): void {
    const told = untoldAttempts(this.#state)
    if (told) this.#fold(told)
  }

  #fold(event: UpgradeEvent): void {
    this.events.push(event)
    this.#state = evolve(this.#state, event, { commit: 0, at: this.now, actor: '' })
  }

  /**
   * Returns the decision, with what people are asked for where that is new, and the wake-up moved where it has to be: an upgrade that
   * lives is asked at least once a day. `exact`: it has just been used.
   */
  decision({ exact = false } = {}): Decision<UpgradeEvent, Rejection> {
    const asked = approvalAwaited(this.#before, this.#state)
    if (asked) this.add(asked)
    const state = this.#state
    if (state.stage === 'none') return { events: this.events }
    const due = hasEnded(state) ? null : (earliestDue(state) ?? after(this.now, day))
    const moved = wakeUpMoved(state.wakeUp, due, { exact })
    if (moved && (this.events.length > 0 || exact)) this.add(moved)
    return { events: this.events }
  }
}

/** Returns the decision to refuse, with a stable code and words that say what would be right. */
export function refuse(code: string, detail: string): { readonly rejected: Rejection } {
  return reject({ code, detail })
}
