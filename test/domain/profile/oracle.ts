import { Temporal } from '@js-temporal/polyfill'

/** What the clocks of a zone show, minute by minute. */
export interface LocalMinute {
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly lastDay: number
}

/** An expression, and by hand what it means. */
export type Expression = readonly [string, (local: LocalMinute) => boolean]

const minute = 60_000
const day = 1440 * minute

/** Returns the instants at which a zone changes its offset from UTC in `[from, to)`, by Temporal. */
export function transitionsOf(timezone: string, from: string, to: string): number[] {
  const end = Temporal.Instant.from(to).epochMilliseconds
  const result: number[] = []
  let at = Temporal.Instant.from(from).toZonedDateTimeISO(timezone).getTimeZoneTransition('next')
  while (at && at.epochMilliseconds < end) {
    result.push(at.epochMilliseconds)
    at = at.getTimeZoneTransition('next')
  }
  return result
}

/**
 * Returns, for each expression, the instants in `[from, to]` at which it occurs. It walks the other way round than the code that it
 * judges: real minutes pass one by one, and whatever local minutes the clocks show for the first time, or jump over, occur then. Offsets
 * come from Temporal at `transition` alone; there is none other within the time.
 */
export function occurrences(
  expressions: readonly Expression[],
  timezone: string,
  transition: number,
  from: number,
  to: number,
): number[][] {
  const offsetAt = (instant: number): number =>
    Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6
  const [before, after] = [offsetAt(transition - 1), offsetAt(transition)]
  if (offsetAt(from) !== before || offsetAt(to) !== after)
    throw new Error(`${timezone} changes more than once`)
  const result: number[][] = expressions.map(() => [])
  // Everything up to here was shown before the time began.
  let shown = from - minute + (from - minute < transition ? before : after)
  for (let instant = from; instant <= to; instant += minute) {
    const wall = instant + (instant < transition ? before : after)
    for (let local = shown + minute; local <= wall; local += minute) {
      const fields = localMinute(local)
      for (const [place, [, matches]] of expressions.entries()) {
        const found = result[place]
        if (found && found.at(-1) !== instant && matches(fields)) found.push(instant)
      }
    }
    shown = Math.max(shown, wall)
  }
  return result
}

const months = new Map<number, LocalMinute>()

function localMinute(local: number): LocalMinute {
  const date = Math.floor(local / day)
  const known = months.get(date)
  const whole = known ?? dayOf(date)
  if (!known) months.set(date, whole)
  const minutes = Math.round((local - date * day) / minute)
  return { ...whole, minute: minutes % 60, hour: Math.floor(minutes / 60) }
}

function dayOf(date: number): LocalMinute {
  const plain = Temporal.Instant.fromEpochMilliseconds(date * day)
    .toZonedDateTimeISO('UTC')
    .toPlainDate()
  return {
    minute: 0,
    hour: 0,
    day: plain.day,
    month: plain.month,
    weekday: plain.dayOfWeek % 7,
    lastDay: plain.daysInMonth,
  }
}
