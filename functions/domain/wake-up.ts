import { accept } from './aggregate.ts'

/** When the log of something wants to be asked again (null: never), and how often that was moved. */
export interface WakeUp {
  readonly at: string | null
  readonly moves: number
}

function movedTo(at: string | null, { moves }: WakeUp) {
  return { type: 'WakeUpMoved' as const, data: { at, sequence: moves + 1 } }
}

/**
 * Returns the event that moves a wake-up to an instant; undefined where it stays. One that is too early does no harm (the tick finds nothing and moves it), so
 * it moves only to an earlier instant, or when `exact` says that it has just been used; what is over is never asked again.
 */
export function wakeUpMoved(present: WakeUp, due: string | null, { exact = false } = {}) {
  const { at } = present
  const moves = due === null || exact ? due !== at : at === null || due < at
  return moves ? movedTo(due, present) : undefined
}

/** Moves the wake-up of an upgrade or a rollout to where it is: whoever answers its move has missed what came before. */
export function rouse() {
  return (state: { readonly stage: string; readonly wakeUp?: WakeUp }) =>
    state.wakeUp ? accept(movedTo(state.wakeUp.at, state.wakeUp)) : accept<ReturnType<typeof movedTo>>()
}
