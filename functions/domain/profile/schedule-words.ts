import { counted } from '../../../events/phrases.ts'
import type { ProfileDefinition } from '../../../events/profile.ts'
import { readCron } from './cron.ts'
import type { CronFields, MonthlyWeekday } from './cron-fields.ts'

const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'],
  ...['November', 'December'],
]
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth']

/** So many times of day are named one by one. */
const mostNamed = 6

/**
 * Returns a schedule in words: “At 2:00 AM, only on Sunday (America/New_York)”. They follow from the fields that the openings follow from.
 * The expression has to be valid.
 */
export function describeSchedule({
  cron_expression: expression,
  timezone,
  offset_days: offset,
}: Pick<ProfileDefinition['schedule'], 'cron_expression' | 'timezone' | 'offset_days'>): string {
  const read = readCron(expression)
  if ('problem' in read) return `${expression} (${timezone})`
  const { fields } = read.cron
  const parts = [timesInWords(fields), ...(offset > 0 ? shifted(fields, offset) : onDays(fields))]
  return `${parts.join(', ')} (${timezone})`
}

function timesInWords({ minutes, hours }: CronFields): string {
  if (minutes.size * hours.size <= mostNamed) {
    const times = inOrder(hours).flatMap((each) => inOrder(minutes).map((within) => clock(each, within)))
    return `At ${listed(times, 'and')}`
  }
  const every = evenly(minutes, 60)
  const [only] = minutes
  const within =
    every === 1
      ? 'Every minute'
      : every !== undefined
        ? `Every ${every} minutes`
        : minutes.size === 1 && only === 0
          ? 'Every hour'
          : `At ${runs(minutes, (value) => `${value}`)} minutes past the hour`
  if (hours.size === 24) return within
  const apart = evenly(hours, 24)
  if (apart !== undefined) return `${within}, in every ${ordinalOf(apart)} hour from midnight on`
  return `${within}, in the hours from ${runs(hours, (value) => clock(value, 0))}`
}

/** Returns n where the values are 0, n, 2n … and n divides the whole. */
function evenly(values: ReadonlySet<number>, whole: number): number | undefined {
  if (values.size < 2 || whole % values.size !== 0) return undefined
  const apart = whole / values.size
  return inOrder(values).every((value, place) => value === place * apart) ? apart : undefined
}

function onDays(fields: CronFields): string[] {
  const { days, weekdays } = fields
  const dates = days ? [`on ${datesInWords(days)} of the month`] : []
  const parts = [
    ...dates,
    ...(weekdays ? [`${days ? 'or on' : 'only on'} ${weekdaysInWords(weekdays)}`] : []),
  ]
  return [...parts, ...monthsInWords(fields).map((months) => `only in ${months}`)]
}

function shifted(fields: CronFields, offset: number): string[] {
  const { days, weekdays } = fields
  const named = [
    ...(days ? [`${datesInWords(days)} of the month`] : []),
    ...(weekdays ? [weekdaysInWords(weekdays)] : []),
  ]
  const what = named.length > 0 ? named.join(' or ') : 'every day'
  const months = monthsInWords(fields).map((each) => ` in ${each}`)
  return [`${counted(offset, 'day')} after ${what}${months.join('')}`]
}

function datesInWords({ dates, last }: NonNullable<CronFields['days']>): string {
  const numbers = dates.size > 0 ? [`${dates.size === 1 ? 'day' : 'days'} ${runs(dates, String)}`] : []
  return [...numbers, ...(last ? ['the last day'] : [])].join(' and ')
}

function weekdaysInWords({ plain, monthly }: NonNullable<CronFields['weekdays']>): string {
  const counted = ({ weekday, nth }: MonthlyWeekday) =>
    `the ${nth === 'last' ? nth : ordinals[nth - 1]} ${weekdayNames[weekday]}`
  const days = plain.size > 0 ? [runs(plain, (weekday) => weekdayNames[weekday] ?? '')] : []
  const named = monthly.length > 0 ? [`${listed(monthly.map(counted), 'and')} of the month`] : []
  return [...days, ...named].join(' and ')
}

function monthsInWords({ months }: CronFields): string[] {
  return months.size === 12 ? [] : [runs(months, (month) => monthNames[month - 1] ?? '')]
}

/** Three and more that follow one another are said by their ends. */
function runs(values: ReadonlySet<number>, name: (value: number) => string): string {
  const found: number[][] = []
  for (const value of inOrder(values)) {
    const last = found.at(-1)
    if (last && last.at(-1) === value - 1) last.push(value)
    else found.push([value])
  }
  const parts = found.flatMap((run) => {
    const [first = 0, last = 0] = [run[0], run.at(-1)]
    return run.length > 2 ? [`${name(first)} through ${name(last)}`] : run.map(name)
  })
  return listed(parts, 'and')
}

function listed(parts: readonly string[], word: string): string {
  const last = parts.at(-1) ?? ''
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${word} ${last}`
}

function inOrder(values: ReadonlySet<number>): number[] {
  return [...values].sort((left, right) => left - right)
}

function clock(hours: number, minutes: number): string {
  return `${hours % 12 || 12}:${String(minutes).padStart(2, '0')} ${hours < 12 ? 'AM' : 'PM'}`
}

function ordinalOf(value: number): string {
  return ordinals[value - 1] ?? `${value}th`
}
