import { NotACalendar } from './refusal.ts'

const frequencies = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
export type Frequency = (typeof frequencies)[number]

/** A day of the week, 0 is Sunday; with a number the so manieth of its month or year, from the end when negative. */
export interface Weekday {
  readonly weekday: number
  readonly nth: number | null
}

/** A recurrence rule as it was written (RFC 5545 §3.3.10). Null: the part is not there. */
export interface Rule {
  readonly frequency: Frequency
  readonly interval: number
  readonly count: number | null
  /** As it was written: how it compares depends on where the rule stands. */
  readonly until: string | null
  /** 0 is Sunday. */
  readonly weekStart: number
  readonly months: readonly number[] | null
  readonly weeks: readonly number[] | null
  readonly yearDays: readonly number[] | null
  readonly monthDays: readonly number[] | null
  readonly weekdays: readonly Weekday[] | null
  readonly hours: readonly number[] | null
  readonly minutes: readonly number[] | null
  readonly seconds: readonly number[] | null
  readonly positions: readonly number[] | null
}

const weekdayNames = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

const known = ['FREQ', 'UNTIL', 'COUNT', 'INTERVAL', 'WKST', 'RSCALE', 'SKIP', 'BYMONTH', 'BYWEEKNO']
const others = ['BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND', 'BYSETPOS']

/** Parts beside which a frequency has no meaning (the table of RFC 5545 §3.3.10). */
const senseless: Readonly<Partial<Record<Frequency, readonly string[]>>> = {
  SECONDLY: ['BYWEEKNO'],
  MINUTELY: ['BYWEEKNO'],
  HOURLY: ['BYWEEKNO'],
  DAILY: ['BYWEEKNO', 'BYYEARDAY'],
  WEEKLY: ['BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY'],
  MONTHLY: ['BYWEEKNO', 'BYYEARDAY'],
}

/** No rule that goes on past this many times can be counted to its end. */
const mostCounted = 1_000_000

/** Reads a rule. Throws NotACalendar for one that the standard does not allow, or of which it does not say what it means. */
export function readRule(text: string): Rule {
  const parts = partsOf(text)
  const wrong = (expected: string) => new NotACalendar(`${expected} (RRULE:${text.slice(0, 120)})`)
  const whole = (name: string, most: number): number | null => {
    const value = parts.get(name)
    if (value === undefined) return null
    if (!/^\d{1,9}$/.test(value) || Number(value) < 1 || Number(value) > most)
      throw wrong(`${name} has to be a whole number from 1 to ${most}`)
    return Number(value)
  }
  const list = (name: string, least: number, most: number, signed = false): number[] | null => {
    const value = parts.get(name)
    if (value === undefined) return null
    return value.split(',').map((item) => {
      const read = /^[+-]?\d{1,3}$/.test(item) ? Number(item) : Number.NaN
      const size = signed ? Math.abs(read) : read
      if (!(size >= least && size <= most) || (!signed && /^[+-]/.test(item)))
        throw wrong(
          `${name} has to be a list of ${least} to ${most}${signed ? ', or so many from the end' : ''}`,
        )
      return read
    })
  }
  const frequency = frequencies.find((one) => one === parts.get('FREQ'))
  if (!frequency) throw wrong(`FREQ has to be one of ${frequencies.join(', ')}`)
  const rule: Rule = {
    frequency,
    interval: whole('INTERVAL', 999_999_999) ?? 1,
    count: whole('COUNT', mostCounted),
    until: parts.get('UNTIL') ?? null,
    weekStart: weekStartOf(parts.get('WKST') ?? 'MO', wrong),
    months: list('BYMONTH', 1, 12),
    weeks: list('BYWEEKNO', 1, 53, true),
    yearDays: list('BYYEARDAY', 1, 366, true),
    monthDays: list('BYMONTHDAY', 1, 31, true),
    weekdays: weekdaysOf(parts.get('BYDAY'), wrong),
    hours: list('BYHOUR', 0, 23),
    minutes: list('BYMINUTE', 0, 59),
    // A sixtieth second is a leap second, which no clock here has.
    seconds: list('BYSECOND', 0, 59),
    positions: list('BYSETPOS', 1, 366, true),
  }
  refuse(rule, parts, wrong)
  return rule
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>()
  for (const part of text.trim().toUpperCase().split(';')) {
    const [name = '', value, more] = part.split('=')
    if (value === undefined || value === '' || more !== undefined)
      throw new NotACalendar(`RRULE holds “${part.slice(0, 40)}”, which is no NAME=value`)
    if (![...known, ...others].includes(name))
      throw new NotACalendar(`RRULE holds ${name.slice(0, 40)}, which is no part of a rule (RFC 5545)`)
    if (parts.has(name)) throw new NotACalendar(`RRULE holds ${name} twice`)
    parts.set(name, value)
  }
  return parts
}

type Wrong = (expected: string) => NotACalendar

function weekStartOf(name: string, wrong: Wrong): number {
  const start = weekdayNames.indexOf(name)
  if (start < 0) throw wrong(`WKST has to be one of ${weekdayNames.join(', ')}`)
  return start
}

function weekdaysOf(text: string | undefined, wrong: Wrong): Weekday[] | null {
  if (text === undefined) return null
  return text.split(',').map((item) => {
    const [, number, name = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(item) ?? []
    const weekday = weekdayNames.indexOf(name)
    const nth = number === undefined ? null : Number(number)
    if (weekday < 0 || nth === 0 || Math.abs(nth ?? 1) > 53)
      throw wrong('BYDAY has to be a list of days such as MO, 1MO (the first) or -1FR (the last)')
    return { weekday, nth }
  })
}

/** What is allowed by its parts and yet forbidden, or says two things at once. */
function refuse(rule: Rule, parts: ReadonlyMap<string, string>, wrong: Wrong): void {
  const { frequency, weeks, interval, positions, weekdays } = rule
  const never = senseless[frequency]?.find((name) => parts.has(name))
  if (never) throw wrong(`${never} says nothing beside FREQ=${frequency}`)
  if (rule.count !== null && rule.until !== null) throw wrong('COUNT and UNTIL stand beside each other')
  const numbered = weekdays?.some(({ nth }) => nth !== null)
  if (numbered && frequency !== 'MONTHLY' && frequency !== 'YEARLY')
    throw wrong(`BYDAY with a number says nothing beside FREQ=${frequency}`)
  if (numbered && weeks) throw wrong('BYDAY with a number says nothing beside BYWEEKNO')
  if (positions && ![...parts.keys()].some((name) => name.startsWith('BY') && name !== 'BYSETPOS'))
    throw wrong('BYSETPOS needs another BY… part to choose from')
  // A week may lie in two years. Which year it counts for, the standard does not say.
  if (weeks && (interval > 1 || positions))
    throw wrong('BYWEEKNO beside INTERVAL or BYSETPOS is read in several ways')
  if (positions && frequency === 'SECONDLY' && !positions.some((place) => Math.abs(place) === 1))
    throw wrong('BYSETPOS has one second to choose from beside FREQ=SECONDLY')
  if ((parts.get('RSCALE') ?? 'GREGORIAN') !== 'GREGORIAN') throw wrong('RSCALE has to be GREGORIAN')
  if ((parts.get('SKIP') ?? 'OMIT') !== 'OMIT') throw wrong('SKIP has to be OMIT')
}
