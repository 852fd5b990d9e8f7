import { day, hour, minute, second, week } from '../../../../events/time.ts'
import { daysOfMonth, firstDayOfMonth } from './civil.ts'
import type { Property } from './content.ts'
import { NotACalendar } from './refusal.ts'

/** A length of time: calendar days first, then elapsed milliseconds (RFC 5545 §3.3.6). */
export interface Length {
  readonly days: number
  readonly milliseconds: number
}

/** One value of a property is wrong: where, and how it would be right. */
export function wrongValue({ name, line }: Pick<Property, 'name' | 'line'>, expected: string): NotACalendar {
  return new NotACalendar(`${name} in line ${line} ${expected}`)
}

const dateForm = /^(\d{4})(\d{2})(\d{2})$/
const timeForm = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)$/

/** Returns a day as the milliseconds that its midnight would be in UTC; undefined when there is no such day. */
export function dateOf(text: string): number | undefined {
  const [, year = '', month = '', date = ''] = dateForm.exec(text) ?? []
  return midnightOf(Number(year), Number(month), Number(date))
}

function midnightOf(year: number, month: number, date: number): number | undefined {
  if (date < 1 || date > daysOfMonth(year, month)) return undefined
  return (firstDayOfMonth(year, month) + date - 1) * day
}

/** Returns a wall clock time as the milliseconds that it would be in UTC; undefined when there is no such time. */
export function wallOf(text: string): { readonly wall: number; readonly utc: boolean } | undefined {
  const [, year = '', month = '', date = '', hours = '', minutes = '', seconds = '', utc] =
    timeForm.exec(text) ?? []
  const midnight = midnightOf(Number(year), Number(month), Number(date))
  if (midnight === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60)
    return undefined
  // Clocks have no leap seconds: the sixtieth is the last (RFC 5545 §3.3.12).
  const time = Number(hours) * hour + Number(minutes) * minute + Math.min(Number(seconds), 59) * second
  return { wall: midnight + time, utc: utc === 'Z' }
}

const lengthForm =
  /^([+-]?)P(?:(\d{1,7})W|(?:(\d{1,7})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,7})S)?)?)$/

/** Reads a length such as P1DT2H. Throws NotACalendar for one that is none, negative or nothing. */
export function lengthOf(text: string, property: Property): Length {
  const [whole, sign, weeks, days, hours, minutes, seconds] = lengthForm.exec(text.trim().toUpperCase()) ?? []
  const parts = [weeks, days, hours, minutes, seconds]
  if (whole === undefined || whole.endsWith('T') || parts.every((part) => part === undefined))
    throw wrongValue(property, 'has to be a length, as PT4H or P1D')
  const of = (part: string | undefined, length: number) => Number(part ?? 0) * length
  const length = {
    days: (of(weeks, week) + of(days, day)) / day,
    milliseconds: of(hours, hour) + of(minutes, minute) + of(seconds, second),
  }
  if (sign === '-' || length.days + length.milliseconds === 0)
    throw wrongValue(property, 'has to be longer than nothing')
  return length
}

/** Reads an offset from UTC such as +0200, in milliseconds. Throws NotACalendar. */
export function offsetOf(property: Property): number {
  const [, sign, hours, minutes, seconds = '0'] =
    /^([+-])(\d{2})(\d{2})(\d{2})?$/.exec(property.value.trim()) ?? []
  const offset = Number(hours) * hour + Number(minutes) * minute + Number(seconds) * second
  if (!(Number(hours) <= 23 && Number(minutes) <= 59 && Number(seconds) <= 59))
    throw wrongValue(property, 'has to be an offset from UTC, as +0200')
  return sign === '-' ? -offset : offset
}
