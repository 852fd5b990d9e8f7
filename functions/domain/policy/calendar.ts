import type { CalendarDefinition } from '../../../events/policy.ts'
import { after, day } from '../../../events/time.ts'
import { firstInstantAt } from '../profile/zone.ts'
import type { Closure } from './closure.ts'
import { holidaysOf } from './holidays.ts'

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

function closingsOf(definition: CalendarDefinition, from: string, to: string): readonly Closure[] {
  switch (definition.kind) {
    case 'dates':
      return daysOf(definition, yearsOf(from, to))
    case 'country':
      return yearsOf(from, to).flatMap((each) => holidaysOf(definition, each))
    case 'ranges':
    case 'ical':
      return definition.ranges.map(({ start, end, name }) => ({ from: start, to: end, why: name }))
  }
}

/**
 * Returns the closings of a calendar that touch `[from, to)`, whole, by when they begin; some may overlap. Both are ISO instants
 * in UTC with milliseconds. Pure: holidays follow from the years asked for.
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
