import { day, hour, instantOf } from '../../../../events/time.ts'
import { type Component, calendarsOf, oneOf } from './content.ts'
import { eventFrom, type Override, type Series } from './event.ts'
import { alike, momentInstant } from './moment.ts'
import { NotACalendar, Work } from './refusal.ts'
import { type Occurrence, occurrencesOf, refuseStrayStart } from './series.ts'
import { wrongValue } from './values.ts'
import { zonesOf } from './zone.ts'

/** One event of a calendar as an interval of instants. */
export interface IcalRange {
  readonly start: string
  readonly end: string
  readonly name: string
}

/** What an uploaded calendar comes to. */
export interface Expanded {
  /** What it is where no event is: an ordinary calendar is open. */
  readonly otherwise: 'open' | 'closed'
  readonly ranges: readonly IcalRange[]
  /** From then on the ranges may be incomplete; null: there is nothing more. */
  readonly knownUntil: string | null
}

/** A definition has to fit into one event of the log. */
const mostRanges = 400
const yearsAhead = 10
/** What is written out has to reach so far at least: past its end a calendar is closed. */
const shortestSight = 31 * day
/** Days, occurrences and changes of clocks that are looked at for one file: some tenths of a second. */
const mostWork = 500_000
/** A time in a gap of the clocks is read as later than those that follow it; no zone skips more than a few hours nowadays. */
const outOfOrder = 3 * hour

/** Messages that ask for something, or take something back, are no calendars (RFC 5546). */
const methods = ['PUBLISH', 'REQUEST']

/**
 * Reads an iCalendar file (RFC 5545) and writes its events out, from the day before `now` (milliseconds) on for ten years, or as many as
 * one definition holds; the same file comes to the same all day long. Whole days, and times without a zone, are in `timezone`. What the
 * standard leaves open is refused, not guessed (ADR 0024). Throws NotACalendar, in bounded time for any text.
 */
export function expandIcalendar(text: string, timezone: string, now: number): Expanded {
  const today = Math.floor(now / day) * day
  const [from, until] = [today - day, today + yearsAhead * 366 * day]
  const work = new Work(mostWork)
  const calendars = calendarsOf(text)
  const events = calendars.flatMap((calendar) => eventsOf(calendar, timezone, until, work))
  if (!calendars.some(({ components }) => components.some(({ name }) => name === 'VEVENT')))
    throw new NotACalendar('it holds no VEVENT')
  const kept = new Earliest()
  let complete = true
  for (const series of events) {
    refuseStrayStart(series, work)
    const { single, complete: near, ruled } = occurrencesOf(series, from, until, work)
    for (const occurrence of single) kept.add(occurrence)
    let next = ruled.next()
    for (; !next.done && next.value.start <= kept.latest; next = ruled.next()) kept.add(next.value)
    complete &&= near && next.done === true && next.value
  }
  const { ranges, dropped } = kept.taken()
  const known = dropped ?? (complete ? null : until)
  if (known !== null && known < now + shortestSight) {
    const last = instantOf(known)
    throw new NotACalendar(
      `its events recur more than ${mostRanges} times until ${last}: say them with fewer or longer ones`,
    )
  }
  return {
    otherwise: otherwiseOf(calendars),
    ranges: ranges.map(({ start, end, name }) => ({ start: instantOf(start), end: instantOf(end), name })),
    knownUntil: known === null ? null : instantOf(known),
  }
}

/** As AWS Systems Manager says it of its change calendars. */
function otherwiseOf(calendars: readonly Component[]): 'open' | 'closed' {
  const kinds = calendars.map((calendar) => {
    const property = oneOf(calendar, 'X-CALENDAR-TYPE')
    const kind = property?.value.trim().toUpperCase() ?? 'DEFAULT_OPEN'
    if (property && kind !== 'DEFAULT_OPEN' && kind !== 'DEFAULT_CLOSED')
      throw wrongValue(property, 'has to be DEFAULT_OPEN or DEFAULT_CLOSED')
    return kind
  })
  if (new Set(kinds).size > 1) throw new NotACalendar('its calendars are of two kinds by X-CALENDAR-TYPE')
  return kinds[0] === 'DEFAULT_CLOSED' ? 'closed' : 'open'
}

/** Returns the events of a calendar; those that stand in for one occurrence of another have its place. */
function eventsOf(calendar: Component, timezone: string, horizon: number, work: Work): Series[] {
  const method = oneOf(calendar, 'METHOD')
  if (method && !methods.includes(method.value.trim().toUpperCase()))
    throw wrongValue(method, `has to be ${methods.join(' or ')}: send the calendar as it is to be`)
  const zones = zonesOf(calendar, timezone, horizon, work)
  const events = calendar.components
    .filter(({ name }) => name === 'VEVENT')
    .map((event) => eventFrom(event, zones))
    .filter((event) => event !== undefined)
  const overrides = events.filter((event): event is Override => 'replaces' in event)
  const series = events.filter((event): event is Series => !('replaces' in event))
  const byUid = Map.groupBy(series, ({ uid }) => uid)
  const seen = new Set<string>()
  for (const { uid, replaces, line } of overrides) {
    const [master, other] = byUid.get(uid) ?? []
    const place = { name: 'RECURRENCE-ID', line }
    if (other)
      throw new NotACalendar(`RECURRENCE-ID in the VEVENT of line ${line} means two events of one UID`)
    const key = `${uid} ${momentInstant(replaces)}`
    if (seen.has(key))
      throw new NotACalendar(`the VEVENT of line ${line} has the RECURRENCE-ID of another one`)
    seen.add(key)
    master?.excluded.push(alike(replaces, master.start, place))
  }
  return [...series, ...overrides.flatMap((override) => override.series ?? [])]
}

/** The earliest occurrences, as many as one definition holds. */
class Earliest {
  #kept: Occurrence[] = []
  #room = 4 * mostRanges
  #latest = Number.POSITIVE_INFINITY

  /** Nothing that begins later can be among them. */
  get latest(): number {
    return this.#latest
  }

  add(occurrence: Occurrence): void {
    this.#kept.push(occurrence)
    if (this.#kept.length <= this.#room) return
    this.#cut()
    this.#room = 4 * Math.max(mostRanges, this.#kept.length)
  }

  /** Returns them in order, and when the first begins that has no room. */
  taken(): { readonly ranges: readonly Occurrence[]; readonly dropped: number | null } {
    this.#cut()
    return { ranges: this.#kept.slice(0, mostRanges), dropped: this.#kept[mostRanges]?.start ?? null }
  }

  /** What is twice there counts once; of what has no room, the first stays, which says when that begins. */
  #cut(): void {
    const ordered = this.#kept.toSorted(inOrder)
    const distinct = ordered.filter((one, place) => {
      const before = ordered[place - 1]
      return !before || inOrder(before, one) !== 0
    })
    this.#latest = (distinct[mostRanges]?.start ?? Number.POSITIVE_INFINITY) + outOfOrder
    this.#kept = distinct.filter(({ start }) => start <= this.#latest)
  }
}

function inOrder(left: Occurrence, right: Occurrence): number {
  return (
    left.start - right.start ||
    left.end - right.end ||
    (left.name < right.name ? -1 : left.name > right.name ? 1 : 0)
  )
}
