import { day, second } from '../../events/time.ts'
import type { Answered } from './call.ts'

/** In seconds: whoever asks us to stay away for longer is asked again after this. */
const longestWait = day / second

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'
/** The three forms of a date in HTTP, of which two are obsolete and still understood (RFC 9110, 5.6.7). */
const dates = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`),
]

/**
 * Returns after how many whole seconds the other side wants to be asked again, by its `Retry-After` (RFC 9110, 10.2.3): 0 to a day. Undefined: it does
 * not say, or nothing that can be read. `now` is in milliseconds since the epoch.
 */
export function retryAfter({ headers }: Pick<Answered, 'headers'>, now: number): number | undefined {
  const said = headers['retry-after']?.trim() ?? ''
  const seconds = /^\d+$/.test(said) ? Number(said) : secondsUntil(said, now)
  return seconds === undefined ? undefined : Math.min(Math.max(seconds, 0), longestWait)
}

function secondsUntil(text: string, now: number): number | undefined {
  const found = dates.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (found === undefined) return undefined
  const month = months.indexOf(found.month ?? '')
  const [dayOfMonth, hour, minute, seconds] = [found.day, found.hour, found.minute, found.second].map(Number)
  const at = Date.UTC(yearOf(found.year ?? '', now), month, dayOfMonth, hour, minute, seconds)
  // A day that its month does not have would be one of the next.
  const read = new Date(at)
  if (month < 0 || read.getUTCMonth() !== month || read.getUTCDate() !== dayOfMonth) return undefined
  return Math.ceil((at - now) / second)
}

/** Two digits mean the year that is not more than fifty years ahead (RFC 9110, 5.6.7). */
function yearOf(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits)
  const present = new Date(now).getUTCFullYear()
  const year = present - (present % 100) + Number(digits)
  return year > present + 50 ? year - 100 : year
}

/** How long whoever tries again waits at most, in seconds. */
export interface Pace {
  /** After the first try. */
  readonly first: number
  /** However many there were. */
  readonly longest: number
}

/**
 * Returns after how many whole seconds to try again, `tries` having failed: anything from 0 to a bound that doubles with each, so that many who failed
 * at once do not come back at once (full jitter). `random` is in [0, 1).
 */
export function backoff(tries: number, { first, longest }: Pace, random: number): number {
  const bound = Math.min(longest, first * 2 ** Math.max(tries - 1, 0))
  return Math.min(Math.floor(random * (Math.floor(bound) + 1)), Math.floor(bound))
}
