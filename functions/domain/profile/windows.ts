import type { ProfileDefinition } from '../../../events/profile.ts'
import { after, between, day, hour, instantOf, later, minute } from '../../../events/time.ts'
import type { Closure } from '../policy/closure.ts'
import { merge, minus, type Window } from '../window.ts'
import { readCron } from './cron.ts'
import { firstInstantAt, wallAt } from './zone.ts'

/** What a schedule needs to know when its windows are. */
export type Schedule = Pick<
  ProfileDefinition['schedule'],
  'cron_expression' | 'timezone' | 'offset_days' | 'maintenance_window_hours'
>

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

/** Returns the window of an opening. Its length is elapsed time, whatever the clocks do meanwhile. */
export function windowOf(schedule: Schedule, opening: string): Window {
  return { start: opening, end: after(opening, schedule.maintenance_window_hours * hour) }
}

/** Returns the windows that share time with `[from, to)`, in order, those that began before included; they may overlap. */
export function windowsBetween(schedule: Schedule, from: string, to: string): Window[] {
  const length = schedule.maintenance_window_hours * hour
  // One that began exactly its length ago has just closed.
  const earliest = after(from, -length)
  const result: Window[] = []
  for (const opening of openings(schedule, earliest)) {
    if (opening >= to) break
    result.push(windowOf(schedule, opening))
  }
  return result
}

/** Of a definition, what says which of its windows open. */
export type Timed = Pick<ProfileDefinition, 'upgrade_settings'> & { readonly schedule: Schedule }

/** What a window has to leave open, in milliseconds, so that anything begins in it: more than one attempt takes. */
const neededBy = ({ upgrade_settings }: Timed) => upgrade_settings.expected_minutes * minute

/** Do calendars leave so much of a window open that it opens? */
export function hasRoom(definition: Timed, window: Window, closures: readonly Closure[]): boolean {
  const needed = neededBy(definition)
  return minus([window], closures).some(({ start, end }) => between(start, end) > needed)
}

/**
 * Returns the next window after an instant of which calendars leave enough to open: it is the next to run, and the one to which an upgrade that did
 * not get through is carried over. Undefined when there is none.
 */
export function nextWindow(
  definition: Timed,
  since: string,
  closures: readonly Closure[],
): Window | undefined {
  const { schedule } = definition
  const closed = merge(closures.map(({ from, to }) => ({ start: from, end: to })))
  const length = schedule.maintenance_window_hours * hour
  let from = since
  // Each round leaves a closed time behind for good, or an opening that is too short before one.
  for (;;) {
    const [opening] = nextOpenings(schedule, from, 1)
    if (opening === undefined) return undefined
    const window = windowOf(schedule, opening)
    if (hasRoom(definition, window, closures)) return window
    const over = closed.find(({ start, end }) => start <= opening && opening < end)
    from = over ? later(opening, after(over.end, neededBy(definition) - length)) : opening
  }
}
