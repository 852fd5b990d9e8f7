import { day } from '../../../events/time.ts'

/** The offsets of a zone around one wall clock day, in milliseconds; they differ when its clocks change in those days. */
interface Offsets {
  readonly before: number
  readonly after: number
  /** The first instant of the later offset; where nothing changes it does not matter. */
  readonly change: number
}

const formats = new Map<string, Intl.DateTimeFormat>()
const offsetsOfDays = new Map<string, Offsets>()
const mostRemembered = 20_000

/**
 * Returns the first instant at which the clocks of a zone show a wall clock time or a later one. Both rules for daylight saving time
 * (design: #time-zones) follow: a time that clocks skip is the first instant after the gap, one that they repeat is its first occurrence.
 */
export function firstInstantAt(wall: number, timezone: string): number {
  const { before, after, change } = offsetsAround(Math.floor(wall / day), timezone)
  const early = wall - before
  return early < change ? early : Math.max(change, wall - after)
}

/**
 * Returns the instant of a wall clock time as iCalendar reads it (RFC 5545 §3.3.5): one that clocks repeat is its first occurrence, and one
 * that they skip is read with the offset before the gap, so as long after its beginning as the time says.
 */
export function instantRead(wall: number, timezone: string): number {
  const { before, after, change } = offsetsAround(Math.floor(wall / day), timezone)
  return wall - before < change || wall - after < change ? wall - before : wall - after
}

/** Returns the wall clock time of an instant, as the milliseconds that it would be in UTC. */
export function wallAt(instant: number, timezone: string): number {
  return instant + offsetAt(instant, timezone)
}

function offsetsAround(date: number, timezone: string): Offsets {
  const key = `${timezone} ${date}`
  const known = offsetsOfDays.get(key)
  if (known) return known
  // No zone is more than 14 hours from UTC, and none changes its clocks twice within three days.
  let [low, high] = [(date - 1) * day, (date + 2) * day]
  const [before, after] = [offsetAt(low, timezone), offsetAt(high, timezone)]
  while (before !== after && high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle, timezone) === before) low = middle
    else high = middle
  }
  const offsets = { before, after, change: high }
  if (offsetsOfDays.size >= mostRemembered) offsetsOfDays.clear()
  offsetsOfDays.set(key, offsets)
  return offsets
}

function offsetAt(instant: number, timezone: string): number {
  const parts = new Map<string, number>()
  for (const { type, value } of formatOf(timezone).formatToParts(instant)) parts.set(type, Number(value))
  const part = (name: string): number => parts.get(name) ?? 0
  const [year, month, date] = [part('year'), part('month') - 1, part('day')]
  const wall = Date.UTC(year, month, date, part('hour'), part('minute'), part('second'))
  return wall - Math.floor(instant / 1000) * 1000
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone)
  if (known) return known
  const numeric = 'numeric'
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  })
  formats.set(timezone, format)
  return format
}
