import type { ProfileDefinition } from '../../../events/profile.ts'
import { after, day, earlier, hour, instantOf, later, second } from '../../../events/time.ts'
import type { Closure } from '../policy/closure.ts'
import { readCron } from './cron.ts'
import { firstInstantAt, wallAt } from './zone.ts'

/** What a schedule needs to know when its windows are. */
export type Schedule = Pick<
  ProfileDefinition['schedule'],
  'cron_expression' | 'timezone' | 'offset_days' | 'maintenance_window_hours'
>

/** A time that is open: `[start, end)`, both ISO instants in UTC. */
export interface Window {
  readonly start: string
  readonly end: string
}

/** From here on instants no longer compare as text. */
const endOfCalendar = Date.UTC(9999, 11, 30)

/**
 * Yields the openings of a schedule after an instant, in order, as ISO instants: the times of its expression, so many days later as it
 * says. They are a set: several starts inside one gap of daylight saving time open one window. An invalid schedule has none.
 */
export function* openings(schedule: Schedule, since: string): Generator<string, void, undefined> {
  const read = readCron(schedule.cron_expression)
  if ('problem' in read) return
  let last = Date.parse(since)
  // A day later on the clock, whatever the clocks do meanwhile.
  const offset = schedule.offset_days * day
  // Every earlier wall clock time was shown by then, so its first instant has passed.
  for (const wall of read.cron.after(wallAt(last, schedule.timezone) - offset)) {
    const instant = firstInstantAt(wall + offset, schedule.timezone)
    if (instant >= endOfCalendar) return
    if (instant <= last) continue
    last = instant
    yield instantOf(instant)
  }
}

/** Returns the next so many openings after an instant; fewer only when decades hold no more. */
export function nextOpenings(schedule: Schedule, since: string, count: number): string[] {
  return openings(schedule, since).take(count).toArray()
}

/** Returns whether an instant is one of the schedule's openings. */
export function contains(schedule: Schedule, instant: string): boolean {
  const [next] = nextOpenings(schedule, after(instant, -1), 1)
  return next === instant
}

/**
 * Returns the window of an opening. Its length is elapsed time, whatever the clocks do meanwhile. `hours` is a target's own length,
 * which takes the place of the profile's.
 */
export function windowOf(schedule: Schedule, opening: string, hours?: number): Window {
  const length = (hours ?? schedule.maintenance_window_hours) * hour
  return { start: opening, end: after(opening, length) }
}

/** Returns the windows that share time with `[from, to)`, in order, those that began before included; they may overlap. */
export function windowsBetween(schedule: Schedule, from: string, to: string, hours?: number): Window[] {
  const length = (hours ?? schedule.maintenance_window_hours) * hour
  // One that began exactly its length ago has just closed.
  const earliest = after(from, -length)
  const result: Window[] = []
  for (const opening of openings(schedule, earliest)) {
    if (opening >= to) break
    result.push(windowOf(schedule, opening, hours))
  }
  return result
}

/** Returns the same time with windows that overlap or touch made one. */
export function merge(windows: readonly Window[]): Window[] {
  const result: Window[] = []
  for (const window of windows.toSorted((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = result.at(-1)
    if (last && window.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: later(last.end, window.end) }
    } else if (window.start < window.end) result.push(window)
  }
  return result
}

/** Returns what of the windows lies outside every closure: deny wins. Merged and in order. */
export function minus(windows: readonly Window[], closures: readonly Closure[]): Window[] {
  let open = merge(windows)
  for (const { from, to } of closures) {
    open = open.flatMap(({ start, end }) => {
      if (to <= start || from >= end || from >= to) return [{ start, end }]
      return [
        { start, end: from },
        { start: to, end },
      ].filter((part) => part.start < part.end)
    })
  }
  return open
}

/** Returns the time that both have, merged and in order: a profile's windows and a target's own. */
export function intersect(left: readonly Window[], right: readonly Window[]): Window[] {
  const others = merge(right)
  return merge(left).flatMap(({ start, end }) =>
    others
      .map((other) => ({
        start: later(start, other.start),
        end: earlier(end, other.end),
      }))
      .filter((part) => part.start < part.end),
  )
}

/** Returns the window that is open at an instant, closures taken out; undefined when none is. */
export function openAt(
  schedule: Schedule,
  at: string,
  closures: readonly Closure[] = [],
  hours?: number,
): Window | undefined {
  const soon = after(at, 1)
  return minus(windowsBetween(schedule, at, soon, hours), closures).find(
    ({ start, end }) => start <= at && at < end,
  )
}

/** Returns the closure that an instant lies in. */
export function closureAt(closures: readonly Closure[], at: string): Closure | undefined {
  return closures.find(({ from, to }) => from <= at && at < to)
}

/**
 * Returns the next window after an instant whose opening no closure covers: it is the next to run, and the one to which an upgrade
 * that did not get through is carried over. Undefined when there is none.
 */
export function nextWindow(
  schedule: Schedule,
  since: string,
  closures: readonly Closure[] = [],
): Window | undefined {
  let from = since
  // Each round leaves a closure behind for good, so there are no more rounds than closures.
  for (;;) {
    const [opening] = nextOpenings(schedule, from, 1)
    if (opening === undefined) return undefined
    const closure = closureAt(closures, opening)
    if (!closure) return windowOf(schedule, opening)
    from = after(closure.to, -1)
  }
}

/**
 * Returns the last instant at which an attempt of so many seconds may still be admitted, itself included: the window's end less the
 * attempt's expected time. Undefined when the attempt is longer than the window.
 */
export function lastAdmission({ start, end }: Window, expectedSeconds: number): string | undefined {
  const last = after(end, -expectedSeconds * second)
  return last >= start ? last : undefined
}
