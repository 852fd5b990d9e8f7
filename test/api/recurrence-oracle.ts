/**
 * Walks every day, and every second of a day, and asks of each whether the parts of a rule name it: straight by the table of RFC 5545
 * §3.3.10, slowly, and with no code of what it judges. All times are wall clock times as milliseconds in UTC.
 */

const day = 86_400_000
const names = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

type Parts = ReadonlyMap<string, readonly string[]>

function partsOf(rule: string): Parts {
  return new Map(
    rule.split(';').map((part) => [part.split('=')[0] ?? '', (part.split('=')[1] ?? '').split(',')]),
  )
}

const has = (parts: Parts, part: string, value: number, length = 0) => {
  const list = parts.get(part)?.map(Number)
  return !list || list.includes(value) || (length > 0 && list.includes(value - length - 1))
}

/** Monday of its week counts as its day where weeks begin on Mondays. */
function weekBegin(time: number, parts: Parts): number {
  const start = names.indexOf(parts.get('WKST')?.[0] ?? 'MO')
  let begin = Math.floor(time / day) * day
  while (new Date(begin).getUTCDay() !== start) begin -= day
  return begin
}

/** The number of a week, and of how many: the week's fourth day lies in the year that it counts for. */
function weekOf(time: number, parts: Parts): readonly [number, number] {
  const begin = weekBegin(time, parts)
  const year = new Date(begin + 3 * day).getUTCFullYear()
  const first = weekBegin(Date.UTC(year, 0, 4), parts)
  const next = weekBegin(Date.UTC(year + 1, 0, 4), parts)
  return [(begin - first) / (7 * day) + 1, (next - first) / (7 * day)]
}

function dayFits(time: number, parts: Parts, start: Date): boolean {
  const date = new Date(time)
  const [year, month, number] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const [frequency] = parts.get('FREQ') ?? []
  const inMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const inYear = (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / day
  const ofYear = (Date.UTC(year, month, number) - Date.UTC(year, 0, 1)) / day + 1
  if (!has(parts, 'BYMONTH', month + 1)) return false
  if (!has(parts, 'BYMONTHDAY', number, inMonth)) return false
  if (!has(parts, 'BYYEARDAY', ofYear, inYear)) return false
  if (parts.has('BYWEEKNO') && !has(parts, 'BYWEEKNO', ...weekOf(time, parts))) return false
  const weekdays = parts.get('BYDAY')
  if (weekdays) {
    const monthly = frequency === 'MONTHLY' || parts.has('BYMONTH')
    const [place, length] = monthly ? [number, inMonth] : [ofYear, inYear]
    const own = names[date.getUTCDay()]
    const spellings = [own, `${Math.ceil(place / 7)}${own}`, `-${Math.ceil((length - place + 1) / 7)}${own}`]
    return weekdays.some((weekday) => spellings.includes(weekday.replace('+', '')))
  }
  // What no part says is what the start says.
  const some = ['BYMONTHDAY', 'BYYEARDAY'].some((part) => parts.has(part))
  if (some) return true
  if (frequency === 'WEEKLY' || parts.has('BYWEEKNO')) return date.getUTCDay() === start.getUTCDay()
  if (frequency === 'MONTHLY') return number === start.getUTCDate()
  if (frequency !== 'YEARLY') return true
  return number === start.getUTCDate() && (parts.has('BYMONTH') || month === start.getUTCMonth())
}

const smaller: readonly (readonly [string, string, number, number, number])[] = [
  // A frequency below the unit leaves it open; else the start says it.
  ['BYHOUR', 'HOURLY MINUTELY SECONDLY', 3_600_000, 24, 3_600_000],
  ['BYMINUTE', 'MINUTELY SECONDLY', 60_000, 60, 60_000],
  ['BYSECOND', 'SECONDLY', 1000, 60, 1000],
]

function timeFits(time: number, parts: Parts, start: number): boolean {
  return smaller.every(([part, free, unit, count]) => {
    const [value, own] = [Math.floor(time / unit) % count, Math.floor(start / unit) % count]
    if (parts.has(part)) return has(parts, part, value)
    return free.split(' ').includes(parts.get('FREQ')?.[0] ?? '') || value === own
  })
}

/** What a rule repeats: the number of the year, month, week, day, hour, minute or second. */
function periodOf(time: number, parts: Parts): number {
  const date = new Date(time)
  switch (parts.get('FREQ')?.[0]) {
    case 'YEARLY':
      return date.getUTCFullYear()
    case 'MONTHLY':
      return date.getUTCFullYear() * 12 + date.getUTCMonth()
    case 'WEEKLY':
      return Math.round((weekBegin(time, parts) - weekBegin(0, parts)) / (7 * day))
    case 'DAILY':
      return Math.floor(time / day)
    case 'HOURLY':
      return Math.floor(time / 3_600_000)
    case 'MINUTELY':
      return Math.floor(time / 60_000)
    default:
      return Math.floor(time / 1000)
  }
}

/** Of a day that fits, the seconds that fit. Where the rule says nothing of seconds, only the start's own in each minute can. */
function* secondsOf(midnight: number, parts: Parts, start: number): Generator<number> {
  const all = parts.has('BYSECOND') || parts.get('FREQ')?.[0] === 'SECONDLY'
  const [first, between] = all ? [midnight, 1000] : [midnight + (start % 60_000), 60_000]
  for (let time = first; time < midnight + day; time += between) if (timeFits(time, parts, start)) yield time
}

/**
 * Returns the first occurrences that a rule names from its start on, at most `most`, and none after `end`. Days that fit are looked
 * through for seconds; when `days` of them were, it gives up and returns what it has, and says so.
 */
export function walked(
  rule: string,
  start: number,
  end: number,
  most: number,
  days = 4000,
): { readonly times: readonly number[]; readonly whole: boolean } {
  const parts = partsOf(rule)
  const interval = Number(parts.get('INTERVAL')?.[0] ?? 1)
  const begin = new Date(start)
  const daily = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY'].includes(parts.get('FREQ')?.[0] ?? '')
  const times = daily ? [...secondsOf(0, parts, start)] : undefined
  const found: number[] = []
  let [set, period, left]: [number[], number, number] = [[], Number.NaN, days]
  const flush = () => {
    const positions = parts.get('BYSETPOS')?.map(Number)
    const taken = set.filter((_, place) => !positions || has(parts, 'BYSETPOS', place + 1, set.length))
    found.push(...taken.filter((time) => time >= start && time <= end))
    set = []
  }
  // The set of a period may begin before the start does, and end after the end.
  const [first, last] = [Date.UTC(begin.getUTCFullYear(), 0, 1) - 7 * day, end + 366 * day]
  for (let midnight = first; midnight <= last; midnight += day) {
    if (!dayFits(midnight, parts, begin)) continue
    if (!daily && midnight < Math.floor(start / day) * day) continue
    if (left-- === 0) return { times: found.slice(0, most), whole: false }
    const within = times ? times.map((time) => midnight + time) : secondsOf(midnight, parts, start)
    for (const time of within) {
      const own = periodOf(time, parts)
      if (own !== period) {
        flush()
        period = own
        if (found.length >= most) return { times: found.slice(0, most), whole: true }
      }
      const since = own - periodOf(start, parts)
      if (since >= 0 && since % interval === 0) set.push(time)
    }
  }
  flush()
  return { times: found.slice(0, most), whole: true }
}
