import { after, day, minute } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { hasBegun, type UpgradeState } from './state.ts'

/** How attempts ended is told at the end of their wave, or, while others of it go on ending, after so long, in milliseconds. */
const toldAfter = 15 * minute
/** A tally of more characters is told at once: the state keeps no larger one. Those of most waves are a fraction of it. */
const largestUntold = 2000

/** Returns the day of an instant, in UTC. */
export function dayOf(instant: string): string {
  return instant.slice(0, 10)
}

/** Returns the event that tells how attempts ended since it was told last; null: none has. */
export function untoldAttempts(state: UpgradeState): UpgradeEvent | null {
  if (!hasBegun(state) || !state.untold) return null
  const { request, plan, untold } = state
  const { kind, component } = request
  return {
    type: 'AttemptsTallied',
    data: {
      ...{ day: dayOf(untold.since), kind, component, tally: untold.tally },
      version: kind === 'rollback' ? request.version : plan.version,
      channel: plan.channel ?? null,
    },
  }
}

/** Has what was not told yet to be told before other attempts are counted with it? A tally is of one day. */
export function isOverdue(state: UpgradeState, now: string): boolean {
  if (!hasBegun(state) || !state.untold) return false
  const { since } = state.untold
  return dayOf(since) !== dayOf(now) || after(since, toldAfter) <= now
}

/** Has nobody told for a day how attempts ended? Then it is told though no other ends: what is older than two days is complete. */
export function isForgotten(state: UpgradeState, now: string): boolean {
  return hasBegun(state) && !!state.untold && after(state.untold.since, day) <= now
}

/** Has it become so much that it has to be told now? */
export function isLarge(state: UpgradeState): boolean {
  return hasBegun(state) && !!state.untold && JSON.stringify(state.untold.tally).length > largestUntold
}
