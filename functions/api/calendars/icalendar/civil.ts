/** A day of the Gregorian calendar, with what recurrence rules ask of it. */
export interface Day {
  /** Days since 1970-01-01. */
  readonly number: number
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly date: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** 1 to 366. */
  readonly yearDay: number
}

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** Returns how many days a year has. */
export function daysOfYear(year: number): number {
  return isLeap(year) ? 366 : 365
}

/** Returns how many days a month has; 0 when there is no such month. */
export function daysOfMonth(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (lengths[month - 1] ?? 0)
}

/** Returns the number of the first day of a year: days since 1970-01-01. `Date` reads years below 100 as others. */
function firstDayOf(year: number): number {
  const before = year - 1
  return 365 * before + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 719_162
}

/** Returns the number of the first day of a month: days since 1970-01-01. */
export function firstDayOfMonth(year: number, month: number): number {
  return firstDayOf(year) + (daysBefore[month - 1] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0)
}

/** Returns the day of the week of a day by its number; 0 is Sunday. */
export function weekdayOf(number: number): number {
  return (((number + 4) % 7) + 7) % 7
}

/** Returns the day with a number. */
export function dayAt(number: number): Day {
  let year = Math.floor(number / 365.2425) + 1970
  while (firstDayOf(year) > number) year -= 1
  while (firstDayOf(year + 1) <= number) year += 1
  const yearDay = number - firstDayOf(year) + 1
  let month = 12
  while (firstDayOfMonth(year, month) > number) month -= 1
  const date = number - firstDayOfMonth(year, month) + 1
  return { number, year, month, date, weekday: weekdayOf(number), yearDay }
}

/** Returns so many days from the one with a number on. */
export function daysFrom(number: number, count: number): Day[] {
  const days: Day[] = []
  for (let day = dayAt(number); days.length < count; day = dayAfter(day)) days.push(day)
  return days
}

function dayAfter({ number, year, month, date, weekday, yearDay }: Day): Day {
  const next = { number: number + 1, weekday: (weekday + 1) % 7 }
  if (date < daysOfMonth(year, month)) return { ...next, year, month, date: date + 1, yearDay: yearDay + 1 }
  return month < 12
    ? { ...next, year, month: month + 1, date: 1, yearDay: yearDay + 1 }
    : { ...next, year: year + 1, month: 1, date: 1, yearDay: 1 }
}

/**
 * Returns the number of the week that a day lies in, and how many weeks that week's year has. Week 1 is the first with four days in its
 * year (RFC 5545 §3.3.10); the first days of a year may lie in the last week of the year before.
 */
export function weekOf(
  { number, year }: Day,
  weekStart: number,
): { readonly week: number; readonly of: number } {
  const start = (each: number) => {
    const first = firstDayOf(each)
    const into = (weekdayOf(first) - weekStart + 7) % 7
    return into <= 3 ? first - into : first - into + 7
  }
  const own = number < start(year) ? year - 1 : number >= start(year + 1) ? year + 1 : year
  const [begin, end] = [start(own), start(own + 1)]
  return { week: Math.floor((number - begin) / 7) + 1, of: (end - begin) / 7 }
}
