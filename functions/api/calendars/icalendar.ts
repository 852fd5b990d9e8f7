import ICAL from 'ical.js'
import { day, instantOf } from '../../../events/time.ts'
import { isTimeZone } from '../../../events/words.ts'
import { firstInstantAt } from '../../domain/profile/zone.ts'

/** One event of a calendar as an interval of instants. */
export interface IcalRange {
  readonly start: string
  readonly end: string
  readonly name: string
}

/** What an uploaded calendar comes to. */
export interface Expanded {
  readonly ranges: readonly IcalRange[]
  /** From then on the ranges may be incomplete; null: there is nothing more. */
  readonly knownUntil: string | null
}

/** A definition has to fit into one event of the log. */
const mostRanges = 400
const longestName = 64
const yearsAhead = 10
/** So many occurrences are looked at: a rule that recurs every second from 1970 on ends here. */
const mostOccurrences = 30_000

/** The text is no iCalendar, or holds nothing that could close anything. */
export class NotACalendar extends Error {
  override readonly name = 'NotACalendar'
}

function instantFrom(time: ICAL.Time, floating: string): number {
  const day = Date.UTC(time.year, time.month - 1, time.day)
  const wall = time.isDate ? day : day + ((time.hour * 60 + time.minute) * 60 + time.second) * 1000
  const { tzid } = time.zone ?? {}
  if (time.isDate || tzid === undefined || tzid === 'floating') return firstInstantAt(wall, floating)
  // The database of time zones knows more than the few rules that a file brings with it.
  if (tzid !== 'UTC' && tzid !== 'Z' && isTimeZone(tzid)) return firstInstantAt(wall, tzid)
  return time.toUnixTime() * 1000
}

/** A parameter TZID without a VTIMEZONE is read as floating: put its zone where the time is. */
function withNamedZone(time: ICAL.Time, tzid: string | undefined): ICAL.Time {
  if (tzid === undefined || time.isDate || time.zone?.tzid !== 'floating' || !isTimeZone(tzid)) return time
  const named = time.clone()
  named.zone = new ICAL.Timezone({ tzid, component: new ICAL.Component('vtimezone') })
  return named
}

function eventsOf(text: string): ICAL.Event[] {
  let parsed: ICAL.Component
  try {
    parsed = new ICAL.Component(ICAL.parse(text))
  } catch (error) {
    throw new NotACalendar(error instanceof Error ? error.message : String(error))
  }
  const calendars = parsed.name === 'vcalendar' ? [parsed] : parsed.getAllSubcomponents('vcalendar')
  const components = calendars.flatMap((calendar) => calendar.getAllSubcomponents('vevent'))
  const events = components
    .filter((component) => component.getFirstPropertyValue('status') !== 'CANCELLED')
    .filter((component) => component.hasProperty('dtstart'))
    .map((component) => new ICAL.Event(component))
  const masters = new Map(events.filter((e) => !e.isRecurrenceException()).map((e) => [e.uid, e]))
  for (const event of events)
    if (event.isRecurrenceException()) masters.get(event.uid)?.relateException(event)
  return events.filter((event) => !event.isRecurrenceException() || !masters.has(event.uid))
}

/**
 * Reads an iCalendar file (RFC 5545) by ical.js and writes its recurring events out, from a day before `now` (milliseconds) on
 * for ten years, or as many as one definition holds. Events of whole days, and times without a zone, are in `timezone`.
 * Throws NotACalendar.
 */
export function expandIcalendar(text: string, timezone: string, now: number): Expanded {
  const [from, until] = [now - day, now + yearsAhead * 366 * day]
  const found: { start: number; end: number; name: string }[] = []
  let endless = false
  let occurrences = 0
  const add = (event: ICAL.Event, startDate: ICAL.Time, endDate: ICAL.Time): number => {
    const tzid = event.component.getFirstProperty('dtstart')?.getFirstParameter('tzid')
    const start = instantFrom(withNamedZone(startDate, tzid), timezone)
    const end = instantFrom(withNamedZone(endDate, tzid), timezone)
    const name = (event.summary ?? '').replace(/[\p{Cc}\p{Cs}]+/gu, ' ').trim() || 'closed'
    if (end > from && end > start && start < until) {
      found.push({ start, end, name: name.slice(0, longestName).toWellFormed() })
    }
    return start
  }
  const events = eventsOf(text)
  if (events.length === 0) throw new NotACalendar('it holds no VEVENT with a DTSTART')
  for (const event of events) {
    if (!event.isRecurring()) {
      add(event, event.startDate, event.endDate)
      continue
    }
    const iterator = event.iterator()
    const before = found.length
    for (let next = iterator.next(); next; next = iterator.next()) {
      occurrences += 1
      if (occurrences > mostOccurrences)
        throw new NotACalendar(`its events recur more than ${mostOccurrences} times`)
      const { startDate, endDate, item } = event.getOccurrenceDetails(next)
      const start = add(item, startDate, endDate)
      if (start < until && found.length - before <= mostRanges) continue
      endless = true
      break
    }
  }
  return cut(found, endless, until)
}

function cut(
  found: { start: number; end: number; name: string }[],
  endless: boolean,
  until: number,
): Expanded {
  const ordered = found.sort((left, right) => left.start - right.start || left.end - right.end)
  const dropped = ordered[mostRanges]?.start
  const known = dropped ?? (endless ? until : null)
  const ranges = ordered.slice(0, mostRanges).map(({ start, end, name }) => ({
    start: instantOf(start),
    end: instantOf(end),
    name,
  }))
  return { ranges, knownUntil: known === null ? null : instantOf(known) }
}
