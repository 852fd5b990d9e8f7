import { after, earlier, later } from '../../../events/time.ts'
import type { Closure } from '../policy/closure.ts'
import { minus, openings, type Schedule } from './windows.ts'

/** What a change of closures takes from a schedule. */
export interface LostOpenings {
  /** The first of them, as ISO instants. */
  readonly openings: readonly string[]
  /** How many there are; no more than `most` are counted. */
  readonly count: number
}

/**
 * Returns the openings of a schedule from `from` until before `to` that no closure covered and that one covers now. Only what is newly closed is
 * looked through, so that a schedule of every minute costs no more than its losses.
 */
export function lostOpenings(
  schedule: Schedule,
  closures: { readonly before: readonly Closure[]; readonly after: readonly Closure[] },
  { from, to }: { readonly from: string; readonly to: string },
  most: { readonly counted: number; readonly named: number },
): LostOpenings {
  const newly = closures.after
    .map((closure) => ({ start: later(closure.from, from), end: earlier(closure.to, to) }))
    .filter(({ start, end }) => start < end)
  const named: string[] = []
  let count = 0
  for (const { start, end } of minus(newly, closures.before)) {
    for (const opening of openings(schedule, after(start, -1))) {
      if (opening >= end || count >= most.counted) break
      count += 1
      if (named.length < most.named) named.push(opening)
    }
  }
  return { openings: named, count }
}
