import { day as dayLength, hour, minute, second } from '../../../../events/time.ts'
import {
  type Day,
  dayAt,
  daysFrom,
  daysOfMonth,
  daysOfYear,
  firstDayOfMonth,
  weekdayOf,
  weekOf,
} from './civil.ts'
import type { Work } from './refusal.ts'
import type { Frequency, Rule } from './rule.ts'

/**
 * Yields the wall clock times that a rule names, in order, from `since` on and not past `horizon`. A rule is read as a filter over days
 * and times of day (the table of RFC 5545 §3.3.10): every part narrows, whatever its place, and what no part says is taken from the start.
 * All of them are milliseconds that the wall clock time would be in UTC. What comes before the start is never an occurrence; the start
 * itself is one only where the rule names it.
 */
export function* occurrences(
  rule: Rule,
  start: number,
  since: number,
  horizon: number,
  work: Work,
): Generator<number, void, undefined> {
  const first = Math.floor(start / dayLength)
  const from = Math.max(start, since)
  const completed = completedBy(rule, start)
  const { positions } = completed
  for (const days of periods(
    completed,
    first,
    Math.floor(from / dayLength),
    Math.floor(horizon / dayLength),
    work,
  )) {
    for (const wall of positions ? chosen(completed, days, start, work) : all(completed, days, start, work)) {
      if (wall > horizon) return
      if (wall >= from) yield wall
    }
  }
}

/** Smallest unit that a frequency below a day counts, in milliseconds. */
const units: Readonly<Partial<Record<Frequency, number>>> = {
  HOURLY: hour,
  MINUTELY: minute,
  SECONDLY: second,
}

interface Completed extends Rule {
  /** Of a rule that counts days or longer: its times of day, in milliseconds since midnight, in order. Else what it names of a day. */
  readonly own: readonly number[]
  /** Of a rule that counts hours, minutes or seconds: what it names within one of them. */
  readonly below: readonly number[]
}

/** Adds what a rule leaves open from its start: of “every January” the day and the time. */
function completedBy(rule: Rule, start: number): Completed {
  const { month, date, weekday } = dayAt(Math.floor(start / dayLength))
  const { frequency, months, weeks, yearDays, monthDays, weekdays } = rule
  const open: { weekdays?: Rule['weekdays']; monthDays?: Rule['monthDays']; months?: Rule['months'] } = {}
  if (!yearDays && !monthDays && !weekdays) {
    if (frequency === 'WEEKLY' || weeks) open.weekdays = [{ weekday, nth: null }]
    else if (frequency === 'MONTHLY' || frequency === 'YEARLY') open.monthDays = [date]
    if (frequency === 'YEARLY' && !weeks) open.months = months ?? [month]
  }
  const unit = units[frequency] ?? dayLength
  const time = within(start, dayLength)
  const hours = rule.hours ?? [Math.floor(time / hour)]
  const minutes = rule.minutes ?? [Math.floor(within(time, hour) / minute)]
  const seconds = rule.seconds ?? [Math.floor(within(time, minute) / second)]
  if (unit === dayLength) return { ...rule, ...open, own: product(hours, minutes, seconds), below: [0] }
  const [wholeDay, sixty] = [upTo(24), upTo(60)]
  return {
    ...rule,
    own: product(
      rule.hours ?? wholeDay,
      unit < hour ? (rule.minutes ?? sixty) : [0],
      unit < minute ? (rule.seconds ?? sixty) : [0],
    ),
    below: product([0], unit === hour ? minutes : [0], unit > second ? seconds : [0]),
  }
}

/** What of a time lies within its last whole unit, also before 1970. */
function within(time: number, unit: number): number {
  return ((time % unit) + unit) % unit
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, value) => value)
}

function inOrder(values: readonly number[]): number[] {
  return [...new Set(values)].sort((left, right) => left - right)
}

function product(hours: readonly number[], minutes: readonly number[], seconds: readonly number[]): number[] {
  return inOrder(hours).flatMap((h) =>
    inOrder(minutes).flatMap((m) => inOrder(seconds).map((s) => h * hour + m * minute + s * second)),
  )
}

/** Yields the days of each period that the rule names, periods without any left out. `from` and `to` are numbers of days. */
function* periods(
  rule: Completed,
  first: number,
  from: number,
  to: number,
  work: Work,
): Generator<readonly Day[], void, undefined> {
  const { frequency, interval } = rule
  const fitting = (begin: number, length: number): Day[] => {
    work.spend(length + 1)
    return daysFrom(begin, length).filter((day) => fits(day, rule))
  }
  /** The first that is counted, at or after `least`. */
  const next = (least: number, origin: number, every = interval) =>
    origin + Math.max(0, Math.ceil((least - origin) / every)) * every
  if (frequency === 'YEARLY') {
    const [origin, last] = [dayAt(first).year, dayAt(to).year]
    const months = inOrder(rule.months ?? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    for (let year = next(dayAt(from).year, origin); year <= last; year += interval) {
      yield months.flatMap((month) => fitting(firstDayOfMonth(year, month), daysOfMonth(year, month)))
    }
  } else if (frequency === 'MONTHLY') {
    const index = (number: number) => dayAt(number).year * 12 + dayAt(number).month - 1
    for (let each = next(index(from), index(first)); each <= index(to); each += interval) {
      const [year, month] = [Math.floor(each / 12), (each % 12) + 1]
      const named = rule.months === null || rule.months.includes(month)
      work.spend(1)
      if (named) yield fitting(firstDayOfMonth(year, month), daysOfMonth(year, month))
    }
  } else if (frequency === 'WEEKLY') {
    const begin = (number: number) => number - ((weekdayOf(number) - rule.weekStart + 7) % 7)
    for (let each = next(begin(from), begin(first), 7 * interval); each <= to; each += 7 * interval) {
      yield fitting(each, 7)
    }
  } else {
    const between = frequency === 'DAILY' ? interval : 1
    for (let each = next(from, first, between); each <= to; each += between) {
      yield fitting(each, 1)
    }
  }
}

/** Whether every part of the rule that speaks of days names a day. */
function fits(day: Day, rule: Completed): boolean {
  const { months, weeks, yearDays, monthDays, weekdays, weekStart } = rule
  const { year, month, date, yearDay } = day
  if (months && !months.includes(month)) return false
  if (monthDays && !named(monthDays, date, daysOfMonth(year, month))) return false
  if (yearDays && !named(yearDays, yearDay, daysOfYear(year))) return false
  if (weekdays && !weekdays.some((one) => one.weekday === day.weekday && isNth(one.nth, day, rule)))
    return false
  if (!weeks) return true
  const { week, of } = weekOf(day, weekStart)
  return named(weeks, week, of)
}

/** Whether a list names the value, counted from the beginning or from the end. */
function named(list: readonly number[], value: number, length: number): boolean {
  return list.includes(value) || list.includes(value - length - 1)
}

/** The number of a weekday counts within the month, where the rule is about months, else within the year (RFC 5545 §3.3.10). */
function isNth(
  nth: number | null,
  { year, month, date, yearDay }: Day,
  { frequency, months }: Rule,
): boolean {
  if (nth === null) return true
  const inMonth = frequency === 'MONTHLY' || months !== null
  const [place, length] = inMonth ? [date, daysOfMonth(year, month)] : [yearDay, daysOfYear(year)]
  return nth > 0 ? Math.ceil(place / 7) === nth : Math.ceil((length - place + 1) / 7) === -nth
}

function* all(
  rule: Completed,
  days: readonly Day[],
  start: number,
  work: Work,
): Generator<number, void, undefined> {
  for (const { number } of days) {
    const midnight = number * dayLength
    if (units[rule.frequency] === undefined) {
      work.spend(rule.own.length)
      for (const time of rule.own) yield midnight + time
    } else for (const unit of unitsOf(rule, midnight, start, work)) yield* unit
  }
}

/** Yields what BYSETPOS takes of each period. Longer sets are not written out for it. */
function* chosen(
  rule: Completed,
  days: readonly Day[],
  start: number,
  work: Work,
): Generator<number, void, undefined> {
  const places = (length: number) =>
    inOrder((rule.positions ?? []).map((place) => (place > 0 ? place - 1 : length + place))).filter(
      (place) => place >= 0 && place < length,
    )
  if (units[rule.frequency] === undefined) {
    const { own } = rule
    work.spend(1)
    for (const place of places(days.length * own.length)) {
      const day = days[Math.floor(place / own.length)]
      if (day) yield day.number * dayLength + (own[place % own.length] ?? 0)
    }
    return
  }
  for (const { number } of days) {
    for (const unit of unitsOf(rule, number * dayLength, start, work)) {
      for (const place of places(unit.length)) yield unit[place] ?? 0
    }
  }
}

/** Yields, for each counted hour, minute or second of a day that the rule names, what of it the rule names. */
function* unitsOf(
  rule: Completed,
  midnight: number,
  start: number,
  work: Work,
): Generator<readonly number[], void, undefined> {
  const { frequency, interval, own, below } = rule
  const unit = units[frequency] ?? second
  const [origin, first] = [Math.floor(start / unit), midnight / unit]
  const counted = dayLength / unit / interval
  // Whichever are fewer are looked through: the times that the rule names, or those that it counts.
  const indexes = own.length < counted ? own.map((time) => first + time / unit) : undefined
  const begin = origin + Math.max(0, Math.ceil((first - origin) / interval)) * interval
  for (const index of indexes ?? every(begin, interval, first + dayLength / unit)) {
    work.spend(1)
    if (index < origin || (index - origin) % interval !== 0 || !timeFits(index * unit, unit, rule)) continue
    work.spend(below.length)
    yield below.map((part) => index * unit + part)
  }
}

function* every(first: number, interval: number, end: number): Generator<number, void, undefined> {
  for (let each = first; each < end; each += interval) yield each
}

/** Whether the parts of the rule that speak of a unit, or of what is longer, name the one that begins at a wall clock time. */
function timeFits(wall: number, unit: number, { hours, minutes, seconds }: Rule): boolean {
  const time = within(wall, dayLength)
  if (hours && !hours.includes(Math.floor(time / hour))) return false
  if (unit < hour && minutes && !minutes.includes(Math.floor(within(time, hour) / minute))) return false
  return unit >= minute || !seconds || seconds.includes(Math.floor(within(time, minute) / second))
}
