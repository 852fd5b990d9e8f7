import { CronExpressionParser } from 'cron-parser'

/** What is wrong with an expression: which of the five fields, and what would be right. */
export interface CronProblem {
  readonly field: CronField | 'expression'
  readonly expected: string
}

/** A schedule of wall clock times: it knows no zone. */
export interface Cron {
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

/** One field, its values written out. `special` are the items with L or #, in the words of cron-parser. */
interface Field {
  readonly every: boolean
  readonly values: ReadonlySet<number>
  readonly special: ReadonlySet<string>
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
  if (day.special.size === 0 && Math.min(...day.values) > longestMonth)
    return refused('day of month', `a day that one of the months has: 1 to ${longestMonth}`)
  return { cron: compile({ minute, hour, day, month, weekday }) }
}

function readField(name: CronField, text: string): Field | undefined {
  const values = new Set<number>()
  const special = new Set<string>()
  for (const item of text.toLowerCase().split(',')) {
    const specialItem = readSpecial(name, item)
    if (specialItem !== undefined) special.add(specialItem)
    else {
      const read = readRange(name, item)
      if (!read) return undefined
      for (const value of read) values.add(name === 'day of week' ? value % 7 : value)
    }
  }
  return { every: text === '*', values, special }
}

function readSpecial(name: CronField, item: string): string | undefined {
  if (name === 'day of month') return item === 'l' ? 'L' : undefined
  if (name !== 'day of week') return undefined
  const [, weekday = '', form = ''] = /^([0-7]|[a-z]{3})(l|#[1-5])$/.exec(item) ?? []
  const value = readValue(dialects[name], weekday)
  return value === undefined ? undefined : `${value % 7}${form.toUpperCase()}`
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

interface Read {
  readonly minute: Field
  readonly hour: Field
  readonly day: Field
  readonly month: Field
  readonly weekday: Field
}

/**
 * Hands the fields to cron-parser with their values written out, so that its own dialect has no say, and in UTC, so that its daylight
 * saving rules have none. It takes one # an expression: the others become expressions of their own, and the times are merged.
 */
function compile({ minute, hour, day, month, weekday }: Read): Cron {
  const nth = [...weekday.special].filter((item) => item.includes('#'))
  const plain = [...weekday.values, ...[...weekday.special].filter((item) => !item.includes('#'))]
  const weekdayTexts = weekday.every ? ['*'] : [...(plain.length > 0 ? [plain.join(',')] : []), ...nth]
  const rest = [minute, hour, day, month].map((field) =>
    field.every ? '*' : [...[...field.values].sort((a, b) => a - b), ...field.special].join(','),
  )
  const expressions = weekdayTexts.map((text) => [...rest, text].join(' '))
  return { after: (wall) => merged(expressions.map((expression) => walls(expression, wall))) }
}

function* walls(expression: string, after: number): Generator<number, void, undefined> {
  const schedule = CronExpressionParser.parse(expression, { tz: 'UTC', currentDate: new Date(after) })
  // It gives up with an error when it has looked through several decades; `take` ends there instead.
  for (;;) {
    const [next] = schedule.take(1)
    if (!next) return
    yield next.getTime()
  }
}

/** Merges ascending sequences into one without repetitions. */
function* merged(
  sequences: readonly Generator<number, void, undefined>[],
): Generator<number, void, undefined> {
  const [only] = sequences
  if (only && sequences.length === 1) return yield* only
  const heads = sequences.map((sequence) => sequence.next())
  for (;;) {
    const next = Math.min(...heads.map((head) => (head.done ? Number.POSITIVE_INFINITY : head.value)))
    if (next === Number.POSITIVE_INFINITY) return
    yield next
    for (const [place, sequence] of sequences.entries())
      if (heads[place]?.value === next) heads[place] = sequence.next()
  }
}
