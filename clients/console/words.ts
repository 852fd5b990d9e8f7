import { holdPhrase } from '../../contracts/phrases.ts'

/** Of which kind something is, as its colour and its sign say. */
export type Tone = 'good' | 'bad' | 'busy' | 'waits' | 'quiet' | 'odd'

const tones: Readonly<Record<string, Tone>> = {
  ...{
    completed: 'good',
    passed: 'good',
    active: 'good',
    done: 'good',
    succeeded: 'good',
    opened: 'good',
    success: 'good',
  },
  ...{
    completed_with_exceptions: 'odd',
    unreachable: 'odd',
    lost: 'odd',
    timed_out: 'odd',
    rolled_back: 'odd',
  },
  ...{
    failed: 'bad',
    aborted: 'bad',
    rejected: 'bad',
    expired: 'bad',
    rollback_failed: 'bad',
    blocked: 'bad',
    error: 'bad',
  },
  ...{
    in_progress: 'busy',
    aborting: 'busy',
    running: 'busy',
    updating: 'busy',
    offered: 'busy',
    retrying: 'busy',
  },
  ...{
    paused: 'waits',
    pending_approval: 'waits',
    scheduled: 'waits',
    pending: 'waits',
    waiting: 'waits',
    eligible: 'waits',
  },
}

/** Returns the tone of a status; what is not known is quiet. */
export function toneOf(status: string): Tone {
  return Object.hasOwn(tones, status) ? (tones[status] ?? 'quiet') : 'quiet'
}

/** Returns words as they begin a line. */
export function capital(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

/** Returns a status as people read it. */
export function spoken(status: string): string {
  return status.replaceAll('_', ' ')
}

/** Returns a count with its noun, whose plural ends with an s unless another is given. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`
}

const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

const monthDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** Returns the day and the month of an instant or a date, in UTC. */
export function dayAndMonth(at: string | number): string {
  return monthDay.format(new Date(at))
}

/** Returns an instant to the second, in UTC as the log has it. */
export function instant(at: string): string {
  const time = Date.parse(at)
  return Number.isNaN(time) ? at : `${day.format(time)}, ${new Date(time).toISOString().slice(11, 19)} UTC`
}

/** Returns a sentence of the API with its instants as people read them. */
export function sentence(text: string): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, instant)
}

/** Returns the time of day of an instant. */
export function clock(at: string): string {
  return at.slice(11, 19)
}

const units = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const

/** Returns a length of time in its two largest units. */
export function lasting(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds))
  const parts: string[] = []
  for (const [length, unit] of units) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`)
  }
  return parts.join(' ') || '0 s'
}

/** Returns the seconds between two instants. */
export function secondsBetween(start: string, end: string): number {
  return (Date.parse(end) - Date.parse(start)) / 1000
}

/** Returns what a hold is, in a few words; what lifts it the API says. */
export function holdTitle(code: string): string {
  return capital(holdPhrase(code)?.replace(/^is /, '') ?? spoken(code.toLowerCase()))
}
