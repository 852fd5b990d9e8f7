import { instantAt, wallAt } from './zone.ts'

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const day = 86_400_000
// A 29 February on a given weekday comes at least once in 40 years.
const horizonDays = 40 * 366

type Matches = (value: number) => boolean

/**
 * Reads the six fields of an AWS cron expression (minutes, hours, day of month, month, day of week, year) and returns
 * a function that finds the first occurrence after an instant. A time that clocks skip does not occur, one that they
 * repeat occurs once. Lists, ranges, steps, names, L and # are known; W is refused.
 */
export function cronOccurrences(expression: string, timeZone: string): (after: number) => number | undefined {
  const fields = expression.split(' ')
  const [minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields
  if (fields.length !== 6)
    throw new Error(
      `Invalid Schedule Expression cron(${expression}): it needs six fields, the year is the last one.`,
    )
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    throw new Error(
      `Invalid Schedule Expression cron(${expression}): exactly one of the two day fields must be "?".`,
    )
  const minuteSet = valuesOf(field(minutes, 'minutes', 0, 59), 0, 59)
  const hourSet = valuesOf(field(hours, 'hours', 0, 23), 0, 23)
  const monthFits = field(month, 'month', 1, 12, monthNames)
  const yearFits = field(year, 'year', 1970, 2199)
  const dayFits = dayOfWeek === '?' ? dayOfMonthField(dayOfMonth) : dayOfWeekField(dayOfWeek)

  return (after) => {
    const today = Math.floor(wallAt(after, timeZone) / day) * day
    // A day earlier as well: near midnight a zone may repeat times of the day before.
    for (let offset = -1; offset <= horizonDays; offset++) {
      const date = new Date(today + offset * day)
      if (!yearFits(date.getUTCFullYear()) || !monthFits(date.getUTCMonth() + 1) || !dayFits(date)) continue
      for (const hour of hourSet)
        for (const minute of minuteSet) {
          const { instant, exists } = instantAt(date.getTime() + (hour * 60 + minute) * 60_000, timeZone)
          if (exists && instant > after) return instant
        }
    }
    return undefined
  }
}

function dayOfMonthField(text: string): (date: Date) => boolean {
  if (text === 'L') return (date) => date.getUTCDate() === lastDay(date)
  const fits = field(text, 'day of month', 1, 31)
  return (date) => fits(date.getUTCDate())
}

function dayOfWeekField(text: string): (date: Date) => boolean {
  const [, weekday = '', order = ''] = /^([1-7]|[A-Z]{3})(L|#[1-5])$/.exec(text) ?? []
  const fits = field(weekday === '' ? text : weekday, 'day of week', 1, 7, weekdayNames)
  return (date) => {
    if (!fits(date.getUTCDay() + 1)) return false
    if (order === 'L') return date.getUTCDate() > lastDay(date) - 7
    return order === '' || Math.ceil(date.getUTCDate() / 7) === Number(order.slice(1))
  }
}

function lastDay(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}

function field(
  text: string,
  name: string,
  low: number,
  high: number,
  names: readonly string[] = [],
): Matches {
  const number = (part: string): number => {
    const index = names.indexOf(part.toUpperCase())
    return index >= 0 ? index + low : /^\d+$/.test(part) ? Number(part) : Number.NaN
  }
  const parts = text.split(',').map((part): Matches => {
    const [range = '', step] = part.split('/')
    const [from = '', to] = range === '*' ? [String(low), String(high)] : range.split('-')
    const first = number(from)
    const last = to === undefined ? (step === undefined ? first : high) : number(to)
    const every = step === undefined ? 1 : /^[1-9]\d*$/.test(step) ? Number(step) : Number.NaN
    if (!(first >= low && last <= high && first <= last && every >= 1))
      throw new Error(
        `Invalid Schedule Expression: "${part}" is not supported in the field ${name} of cron(…).`,
      )
    return (value) => value >= first && value <= last && (value - first) % every === 0
  })
  return (value) => parts.some((fits) => fits(value))
}

function valuesOf(fits: Matches, low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, index) => low + index).filter(fits)
}
