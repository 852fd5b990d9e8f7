import { holdOf } from './hold.ts'
import type { PlannedUpgrade } from './state.ts'

/** Returns until when nobody is admitted, since an attempt has just ended; null: nothing of the kind holds. */
export function spacedUntil({ standing }: Pick<PlannedUpgrade, 'standing'>): string | null {
  return holdOf(standing.holds, 'SPACING')?.until ?? null
}

/** Is it too soon after the last attempt for the next (design: #serial)? */
export function isSpaced(state: PlannedUpgrade, now: string): boolean {
  const until = spacedUntil(state)
  return until !== null && now < until
}
