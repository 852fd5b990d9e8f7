import { day } from '../../../../events/time.ts'
import { shortName } from '../short-name.ts'
import { allOf, type Component, oneOf, type Property, textOf } from './content.ts'
import { alike, type Moment, momentFrom, momentInstant, momentOf, momentsOf } from './moment.ts'
import { NotACalendar } from './refusal.ts'
import { type Rule, readRule } from './rule.ts'
import { dateOf, type Length, lengthOf, wallOf, wrongValue } from './values.ts'
import type { Zones } from './zone.ts'

/** An event as it stands in a file: all that its start, its rule and its lists say. */
export interface Series {
  /** Which event it is; undefined when the file does not say. */
  readonly uid: string | undefined
  readonly name: string
  readonly line: number
  readonly start: Moment
  readonly length: Length
  readonly rule: Rule | null
  /** The last instant at which the rule may name an occurrence. */
  readonly until: number
  /** Occurrences beside the rule, with a length of their own where they have one. */
  readonly added: readonly { readonly start: Moment; readonly length: Length | null }[]
  /** What does not take place, or stands elsewhere. */
  readonly excluded: Moment[]
}

/** Events that take the place of one occurrence of another. */
export interface Override {
  readonly uid: string
  /** When that occurrence would have begun. */
  readonly replaces: Moment
  /** Null: it is cancelled. */
  readonly series: Series | null
  readonly line: number
}

/** Reads a VEVENT. Undefined: it is cancelled. Throws NotACalendar, naming what is wrong with it. */
export function eventFrom(event: Component, zones: Zones): Series | Override | undefined {
  const id = oneOf(event, 'RECURRENCE-ID')
  const uid = oneOf(event, 'UID')?.value.trim() || undefined
  const cancelled = oneOf(event, 'STATUS')?.value.trim().toUpperCase() === 'CANCELLED'
  if (!id) return cancelled ? undefined : seriesFrom(event, uid, zones)
  if (uid === undefined) throw wrongValue(id, 'needs a UID beside it, which says of what event it is')
  if (id.parameters.has('RANGE'))
    throw wrongValue(id, 'has a RANGE: end the event by UNTIL and let another one begin instead')
  const series = cancelled ? null : seriesFrom(event, uid, zones)
  if (series && (series.rule || series.added.length > 0))
    throw wrongValue(id, 'stands beside RRULE or RDATE: one occurrence cannot recur')
  return { uid, replaces: momentOf(id, zones), series, line: event.line }
}

function seriesFrom(event: Component, uid: string | undefined, zones: Zones): Series {
  const begins = oneOf(event, 'DTSTART')
  if (!begins) throw new NotACalendar(`the VEVENT of line ${event.line} has no DTSTART`)
  const [exrule] = allOf(event, 'EXRULE')
  if (exrule) throw wrongValue(exrule, 'is no part of RFC 5545: name the exceptions by EXDATE')
  const start = momentOf(begins, zones)
  const recurs = oneOf(event, 'RRULE')
  const rule = recurs ? readRule(recurs.value) : null
  if (recurs && start.form === 'date' && rule && ['HOURLY', 'MINUTELY', 'SECONDLY'].includes(rule.frequency))
    throw wrongValue(recurs, `says FREQ=${rule.frequency} of whole days`)
  const added = allOf(event, 'RDATE').flatMap((property) => addedBy(property, start, zones))
  const excluded = allOf(event, 'EXDATE').flatMap((property) =>
    momentsOf(property, zones).map((moment) => alike(moment, start, property)),
  )
  const name = textOf(oneOf(event, 'SUMMARY') ?? { ...begins, value: '' })
  return {
    uid,
    name: shortName(name),
    line: event.line,
    start,
    length: lengthFrom(event, begins, start, zones),
    // Times of day are no part of whole days, and to be ignored there (RFC 5545 §3.3.10).
    rule: rule && start.form === 'date' ? { ...rule, hours: null, minutes: null, seconds: null } : rule,
    until: recurs && rule ? untilOf(rule, recurs, start) : Number.POSITIVE_INFINITY,
    added,
    excluded,
  }
}

function addedBy(property: Property, start: Moment, zones: Zones): Series['added'] {
  if (property.parameters.get('VALUE')?.toUpperCase() !== 'PERIOD')
    return momentsOf(property, zones).map((moment) => ({
      start: alike(moment, start, property),
      length: null,
    }))
  return property.value.split(',').map((period) => {
    const [first = '', second = '', more] = period.trim().split('/')
    if (more !== undefined)
      throw wrongValue(property, 'has to be a list of periods, as 20261224T180000Z/PT4H')
    const moment = alike(momentFrom(first, property, zones), start, property)
    if (/^[+-]?P/i.test(second)) return { start: moment, length: lengthOf(second, property) }
    const milliseconds = momentInstant(momentFrom(second, property, zones)) - momentInstant(moment)
    if (milliseconds <= 0) throw wrongValue(property, 'holds a period that ends before it begins')
    return { start: moment, length: { days: 0, milliseconds } }
  })
}

/** The same exact length for all occurrences where an end is said, the same on the clock where a length is (RFC 5545 §3.8.5.3). */
function lengthFrom(event: Component, begins: Property, start: Moment, zones: Zones): Length {
  const [ends, lasts] = [oneOf(event, 'DTEND'), oneOf(event, 'DURATION')]
  if (ends && lasts) throw wrongValue(lasts, 'stands beside DTEND')
  if (ends) {
    const end = alike(momentOf(ends, zones), start, ends)
    const milliseconds =
      start.form === 'date' ? end.wall - start.wall : momentInstant(end) - momentInstant(start)
    if (milliseconds <= 0) {
      const last = start.form === 'date' ? ': it is the day after the last' : ''
      throw wrongValue(ends, `has to lie after DTSTART${last}`)
    }
    return start.form === 'date' ? { days: milliseconds / day, milliseconds: 0 } : { days: 0, milliseconds }
  }
  if (lasts) {
    const length = lengthOf(lasts.value, lasts)
    if (start.form === 'date' && length.milliseconds > 0)
      throw wrongValue(lasts, 'has to be of whole days, as DTSTART is one')
    return length
  }
  if (start.form === 'date') return { days: 1, milliseconds: 0 }
  throw wrongValue(begins, 'is a time without DTEND or DURATION beside it: it would close nothing')
}

function untilOf({ until }: Rule, property: Property, start: Moment): number {
  if (until === null) return Number.POSITIVE_INFINITY
  const [midnight, time] = [dateOf(until), wallOf(until)]
  // What is meant is an instant, whatever the start is.
  if (time?.utc) return time.wall
  if (midnight !== undefined && start.form === 'date') return start.zone.instantAt(midnight)
  if (time && start.form === 'floating') return start.zone.instantAt(time.wall)
  const expected = { date: 'a day, as 20261224', floating: 'a time without a zone, as 20261224T180000' }
  const form = start.form === 'fixed' ? 'a time in UTC, as 20261224T180000Z' : expected[start.form]
  throw wrongValue(property, `needs ${form}, as its UNTIL, that there is: DTSTART is such a one`)
}
