import { after, earlier, hour, later } from '../../../events/time.ts'
import type { Closure } from '../policy/closure.ts'
import { minus } from '../window.ts'
import { hasRoom, openings, type Timed, windowOf } from './windows.ts'

/** What a change of closures takes from a schedule. */
export interface LostOpenings {
  /** The first of them, as ISO instants. */
  readonly openings: readonly string[]
  /** How many there are; no more than `most` are counted. */
  readonly count: number
}

/** So many windows are looked at for each that is counted: most of those that a closed time touches keep a part of theirs, or none do. */
const looksEach = 10

/**
 * Returns the openings of a schedule until before `to` whose windows had room between the closed times from `from` on, and have none now: one that
 * is open at `from` is among them where all that is left of it is closed. Only what is newly closed is looked through, so that a schedule of
 * every minute costs no more than its losses.
 */
export function lostOpenings(
  definition: Timed,
  closures: { readonly before: readonly Closure[]; readonly after: readonly Closure[] },
  { from, to }: { readonly from: string; readonly to: string },
  most: { readonly counted: number; readonly named: number },
): LostOpenings {
  const { schedule } = definition
  const newly = closures.after
    .map((closure) => ({ start: later(closure.from, from), end: earlier(closure.to, to) }))
    .filter(({ start, end }) => start < end)
  const length = schedule.maintenance_window_hours * hour
  const named: string[] = []
  let last = after(from, -length)
  let [count, looks] = [0, 0]
  for (const { start, end } of minus(newly, closures.before)) {
    for (const opening of openings(schedule, later(last, after(start, -length)))) {
      if (opening >= end || count >= most.counted || looks >= most.counted * looksEach) break
      last = opening
      looks += 1
      const { end: closes } = windowOf(schedule, opening)
      const window = { start: later(opening, from), end: closes }
      if (hasRoom(definition, window, closures.after) || !hasRoom(definition, window, closures.before))
        continue
      count += 1
      if (named.length < most.named) named.push(opening)
    }
  }
  return { openings: named, count }
}
