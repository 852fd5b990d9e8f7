import { day, hour, minute } from '../../../events/time.ts'
import type { CronFields } from './cron-fields.ts'

/** Whatever comes at all comes within so many years: a fifth Monday of February waits for forty. */
const yearsInSight = 50

/**
 * Yields the wall clock times of an expression after one, in order, without end or until none is found for decades. A wall clock time is
 * the milliseconds that it would be in UTC.
 */
export function* timesAfter(fields: CronFields, wall: number): Generator<number, void, undefined> {
  const times = [...fields.hours]
    .flatMap((each) => [...fields.minutes].map((within) => each * hour + within * minute))
    .sort((left, right) => left - right)
  let date = new Date(Math.floor(wall / day) * day)
  for (let found = date.getUTCFullYear(); date.getUTCFullYear() - found <= yearsInSight; ) {
    const month = date.getUTCMonth()
    if (!fields.months.has(month + 1)) {
      date = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 1))
      continue
    }
    if (isNamed(fields, date)) {
      found = date.getUTCFullYear()
      for (const time of times) if (date.getTime() + time > wall) yield date.getTime() + time
    }
    date = new Date(date.getTime() + day)
  }
}

/** Whether a day of one of the months is named by either of the fields that are set. */
function isNamed({ days, weekdays }: CronFields, date: Date): boolean {
  if (!days && !weekdays) return true
  const [year, month, number, weekday] = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCDay(),
  ]
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  if (days && (days.dates.has(number) || (days.last && number === length))) return true
  if (!weekdays) return false
  if (weekdays.plain.has(weekday)) return true
  return weekdays.monthly.some(
    (one) =>
      one.weekday === weekday &&
      (one.nth === 'last' ? number + 7 > length : Math.ceil(number / 7) === one.nth),
  )
}
