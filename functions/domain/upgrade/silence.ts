import { after } from '../../../events/time.ts'
import { heardWithin } from '../target/readiness.ts'
import { isWatched, type Watched, watchedUntil } from './measuring.ts'
import type { BetweenWaves, UpgradeState } from './state.ts'

/** How many members of a wave had succeeded and have fallen silent since, by the end of its bake. */
export interface Silence {
  readonly wave: number
  readonly members: number
}

/** Is the bake of a wave over by the clock, and nobody has noted it yet? */
export function bakeIsOver(state: UpgradeState, now: string): state is Watched {
  return isWatched(state) && watchedUntil(state) <= now
}

/**
 * May a member of the wave have fallen silent by now? Who succeeded was heard of in the wave, and is ready for a day after that: a bake that is
 * shorter asks nobody, however seldom agents ask.
 */
export function mayBeSilent({ wave }: BetweenWaves, now: string): boolean {
  return after(wave.startedAt, heardWithin) <= now
}
