import type { CronFields, MonthlyWeekday } from './cron-fields.ts'
import { timesAfter } from './cron-times.ts'

/** What is wrong with an expression: which of the five fields, and what would be right. */
export interface CronProblem {
  readonly field: CronField | 'expression'
  readonly expected: string
}

/** A schedule of wall clock times: it knows no zone. */
export interface Cron {
  /** What the expression says. The times and the words follow from it, so that they cannot disagree. */
  readonly fields: CronFields
  /**
   * Yields the wall clock times after one, in order, without end or until no more is found for decades. A wall clock time is the
   * milliseconds that it would be in UTC.
   */
  after(wall: number): Generator<number, void, undefined>
}

const fieldNames = ['minute', 'hour', 'day of month', 'month', 'day of week'] as const
type CronField = (typeof fieldNames)[number]

interface Dialect {
  readonly least: number
  readonly most: number
  /** Names of the values from `first` on. */
  readonly names: readonly string[]
  readonly first: number
  readonly forms: string
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const common = 'a list such as 1,3, a range such as 1-5, or a step such as */2'

const dialects: Readonly<Record<CronField, Dialect>> = {
  minute: { least: 0, most: 59, names: [], first: 0, forms: `*, 0 to 59, ${common}` },
  hour: { least: 0, most: 23, names: [], first: 0, forms: `*, 0 to 23, ${common}` },
  'day of month': {
    least: 1,
    most: 31,
    names: [],
    first: 1,
    forms: `*, 1 to 31, L (the last day), ${common}`,
  },
  month: { least: 1, most: 12, names: months, first: 1, forms: `*, 1 to 12, jan to dec, ${common}` },
  'day of week': {
    least: 0,
    most: 7,
    names: weekdays,
    first: 0,
    forms: `*, 0 to 7 (0 and 7 are Sunday), sun to sat, 5L (the last Friday), 5#2 (the second Friday), ${common}`,
  },
}

/** Longest expression: every value of every field written out is shorter than four times this, but nobody writes that. */
const longest = 256
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** One field as it is being read. */
interface Field {
  /** It names everything by `*`, or by `*` in steps of one, which is the same. */
  readonly every: boolean
  readonly values: ReadonlySet<number>
  readonly last: boolean
  readonly monthly: readonly MonthlyWeekday[]
}

const readBefore = new Map<string, { readonly cron: Cron } | { readonly problem: CronProblem }>()
const mostRemembered = 1000

/**
 * Reads five unix fields (lists, ranges, steps, names, L, #); both day fields set means either. Macros, seconds, years, `?`, `W` and
 * dates that never come are refused, naming the field.
 */
export function readCron(expression: string): { readonly cron: Cron } | { readonly problem: CronProblem } {
  const before = readBefore.get(expression)
  if (before) return before
  const result = read(expression)
  if (readBefore.size >= mostRemembered) readBefore.clear()
  if (expression.length <= longest) readBefore.set(expression, result)
  return result
}

function read(expression: string): { readonly cron: Cron } | { readonly problem: CronProblem } {
  const refused = (field: CronProblem['field'], expected: string) => ({ problem: { field, expected } })
  const five = 'exactly five fields: minute hour day-of-month month day-of-week, such as 0 2 * * 0'
  if (expression.length > longest) return refused('expression', `at most ${longest} characters`)
  const texts = expression.trim() === '' ? [] : expression.trim().split(/[ \t]+/)
  const [minuteText, hourText, dayText, monthText, weekdayText, ...rest] = texts
  if (
    minuteText === undefined ||
    hourText === undefined ||
    dayText === undefined ||
    monthText === undefined ||
    weekdayText === undefined ||
    rest.length > 0
  )
    return refused('expression', five)
  const minute = readField('minute', minuteText)
  if (!minute) return refused('minute', dialects.minute.forms)
  const hour = readField('hour', hourText)
  if (!hour) return refused('hour', dialects.hour.forms)
  const day = readField('day of month', dayText)
  if (!day) return refused('day of month', dialects['day of month'].forms)
  const month = readField('month', monthText)
  if (!month) return refused('month', dialects.month.forms)
  const weekday = readField('day of week', weekdayText)
  if (!weekday) return refused('day of week', dialects['day of week'].forms)
  const longestMonth = Math.max(...[...month.values].map((value) => longestMonths[value - 1] ?? 0))
  if (!day.last && Math.min(...day.values) > longestMonth)
    return refused('day of month', `a day that one of the months has: 1 to ${longestMonth}`)
  const fields: CronFields = {
    minutes: minute.values,
    hours: hour.values,
    months: month.values,
    days: day.every ? null : { dates: day.values, last: day.last },
    weekdays: weekday.every ? null : { plain: weekday.values, monthly: weekday.monthly },
  }
  return { cron: { fields, after: (wall) => timesAfter(fields, wall) } }
}

function readField(name: CronField, text: string): Field | undefined {
  const values = new Set<number>()
  const monthly: MonthlyWeekday[] = []
  let [every, last] = [false, false]
  for (const item of text.toLowerCase().split(',')) {
    const counted = name === 'day of week' ? readMonthly(item) : undefined
    if (counted) monthly.push(counted)
    else if (name === 'day of month' && item === 'l') last = true
    else {
      const read = readRange(name, item)
      if (!read) return undefined
      every ||= item === '*' || item === '*/1'
      for (const value of read) values.add(name === 'day of week' ? value % 7 : value)
    }
  }
  return { every, values, last, monthly }
}

/** `5L`, `5#2`: the last or the second Friday of a month. */
function readMonthly(item: string): MonthlyWeekday | undefined {
  const [, weekday = '', nth] = /^([0-7]|[a-z]{3})(?:l|#([1-5]))$/.exec(item) ?? []
  const value = readValue(dialects['day of week'], weekday)
  return value === undefined ? undefined : { weekday: value % 7, nth: nth ? Number(nth) : 'last' }
}

/** `*`, `3`, `1-5`, each with a step or without; `3/15` is 3 to the end by 15. */
function readRange(name: CronField, item: string): number[] | undefined {
  const dialect = dialects[name]
  const match = /^(?:(\*)|([a-z0-9]{1,3})(?:-([a-z0-9]{1,3}))?)(?:\/(\d{1,2}))?$/.exec(item)
  if (!match) return undefined
  const [, star, firstText = '', lastText, stepText] = match
  // As a range, the week ends on Saturday: 7 is a second name of Sunday.
  const end = name === 'day of week' ? 6 : dialect.most
  const first = star ? dialect.least : readValue(dialect, firstText)
  if (first === undefined) return undefined
  const alone = stepText === undefined ? first : end
  const last = star ? end : lastText === undefined ? alone : readValue(dialect, lastText)
  const step = stepText === undefined ? 1 : Number(stepText)
  if (last === undefined || last < first || step < 1 || step > dialect.most) return undefined
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, place) => first + place * step)
}

function readValue(dialect: Dialect, text: string): number | undefined {
  const named = dialect.names.indexOf(text)
  if (named >= 0) return named + dialect.first
  if (!/^\d{1,2}$/.test(text)) return undefined
  const value = Number(text)
  return value >= dialect.least && value <= dialect.most ? value : undefined
}
