import type { CalendarDefinition } from '../../../events/policy.ts'
import { after, day, earlier, later } from '../../../events/time.ts'
import { firstInstantAt } from '../profile/zone.ts'
import type { Closure } from './closure.ts'

/** Whether a calendar is open at an instant. */
export interface CalendarState {
  readonly open: boolean
  /** The names of everything that closes it. */
  readonly why: readonly string[]
  /** When it is the other way round; null when that is not in sight (nine years). */
  readonly changesAt: string | null
}

const year = 366 * day
/** 29 February may be eight years away. */
const yearsInSight = 9

function yearsOf(from: string, to: string): number[] {
  // A day of a zone may begin in the year before, and a holiday of another calendar may last into the next.
  const [first, last] = [new Date(from).getUTCFullYear() - 1, new Date(to).getUTCFullYear() + 1]
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function isDay(year: number, month: number, date: number): boolean {
  const day = new Date(Date.UTC(year, month - 1, date))
  return day.getUTCMonth() === month - 1 && day.getUTCDate() === date
}

/** The day after the last of a month is the first of the next. */
function startOfDay(timezone: string, year: number, month: number, day: number): string {
  return new Date(firstInstantAt(Date.UTC(year, month - 1, day), timezone)).toISOString()
}

/** A date without a year is that day of every year in question. */
function daysOf(
  { timezone, dates }: Extract<CalendarDefinition, { kind: 'dates' }>,
  years: readonly number[],
): Closure[] {
  return dates.flatMap(({ date, name }) => {
    const [day = 0, month = 0, once] = date.split('-').map(Number).reverse()
    return years
      .filter((each) => (once === undefined || once === each) && isDay(each, month, day))
      .map((each) => ({
        from: startOfDay(timezone, each, month, day),
        to: startOfDay(timezone, each, month, day + 1),
        why: name,
      }))
  })
}

/** What lies before and after everything, in instants that compare as text. */
const [beginning, end] = ['0000-01-01T00:00:00.000Z', '9999-12-31T00:00:00.000Z']

type Written = Extract<CalendarDefinition, { kind: 'country' | 'ical' }>

/** Why a calendar that was written out is closed past its end. */
function unknownFrom(knownUntil: string): Closure {
  const why = `nothing is known from ${knownUntil} on: define the calendar anew`
  return { from: knownUntil, to: end, why }
}

/** Of what was written out, the end is closed: nobody knows what lies beyond (design: #calendars). */
function writtenOut(definition: Written): Closure[] {
  const { ranges, knownUntil } = definition
  const beyond = knownUntil === null ? [] : [unknownFrom(knownUntil)]
  if (definition.kind === 'ical' && definition.otherwise === 'closed')
    return [...outside(ranges, knownUntil ?? end), ...beyond]
  return [...ranges.map(({ start, end, name }) => ({ from: start, to: end, why: name })), ...beyond]
}

/** The time that no range covers, up to an instant. */
function outside(ranges: Written['ranges'], until: string): Closure[] {
  const closures: Closure[] = []
  let from = beginning
  for (const { start, end } of ranges.toSorted((left, right) => (left.start < right.start ? -1 : 1))) {
    if (start > from) closures.push({ from, to: start, why: outsideWhy })
    from = later(from, end)
  }
  return [...closures, { from, to: until, why: outsideWhy }]
    .map((closure) => ({ ...closure, to: earlier(closure.to, until) }))
    .filter(({ from, to }) => from < to)
}

const outsideWhy = 'closed outside of its events'

/** So long before a calendar is known no more somebody is told: enough to define it anew. */
const notice = 31 * day

/** Returns until when a calendar is known: past that it is closed. Null: for ever. */
export function knownUntil(definition: CalendarDefinition): string | null {
  return definition.kind === 'ical' || definition.kind === 'country' ? definition.knownUntil : null
}

/** The end of the last event of a calendar that is open inside of its events alone: it opens never again. Null: of other kinds. */
function lastOpen(definition: CalendarDefinition): string | null {
  if (definition.kind !== 'ical' || definition.otherwise === 'open') return null
  return definition.ranges.reduce((last, { end }) => later(last, end), beginning)
}

/** Returns whether within a month from an ISO instant on a calendar is closed for good: it is known no longer, or never opens again. */
export function runsOut(definition: CalendarDefinition, at: string): boolean {
  const until = knownUntil(definition) ?? lastOpen(definition)
  return until !== null && until <= after(at, notice)
}

function closingsOf(definition: CalendarDefinition, from: string, to: string): readonly Closure[] {
  switch (definition.kind) {
    case 'dates':
      return daysOf(definition, yearsOf(from, to))
    case 'ranges':
      return definition.ranges.map(({ start, end, name }) => ({ from: start, to: end, why: name }))
    case 'country':
    case 'ical':
      return writtenOut(definition)
  }
}

/**
 * Returns the closings of a calendar that touch `[from, to)`, whole, by when they begin; some may overlap. Both are ISO instants
 * in UTC with milliseconds. A calendar that is open only inside of its events is closed in between, and one that was written out is
 * closed past its end.
 */
export function closedBetween(definition: CalendarDefinition, from: string, to: string): Closure[] {
  return closingsOf(definition, from, to)
    .filter((closing) => closing.from < to && closing.to > from)
    .sort((left, right) => (left.from < right.from ? -1 : left.from > right.from ? 1 : 0))
}

/** The first instant from `at` on that no closing holds. Closures that meet or overlap are one. */
function opensAt(definition: CalendarDefinition, at: string): string | null {
  const horizon = after(at, yearsInSight * year)
  for (let opens = at; opens < horizon; ) {
    const end = opens
    for (const { from, to } of closedBetween(definition, opens, after(opens, year))) {
      if (from > opens) break
      if (to > opens) opens = to
    }
    if (opens === end) return opens
  }
  return null
}

function closesAt(definition: CalendarDefinition, at: string): string | null {
  for (let ahead = 0; ahead < yearsInSight; ahead++) {
    const [next] = closedBetween(definition, after(at, ahead * year), after(at, (ahead + 1) * year))
    if (next) return next.from
  }
  return null
}

/** Returns whether a calendar is open at an ISO instant, what closes it, and when that changes next. */
export function calendarState(definition: CalendarDefinition, at: string): CalendarState {
  const closings = closedBetween(definition, at, after(at, 1))
  const why = [...new Set(closings.map((closing) => closing.why))]
  return closings.length > 0
    ? { open: false, why, changesAt: opensAt(definition, at) }
    : { open: true, why: [], changesAt: closesAt(definition, at) }
}
