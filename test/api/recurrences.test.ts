import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { occurrences } from '../../functions/api/calendars/icalendar/recurrence.ts'
import { NotACalendar, Work } from '../../functions/api/calendars/icalendar/refusal.ts'
import { readRule } from '../../functions/api/calendars/icalendar/rule.ts'
import { walked } from './recurrence-oracle.ts'
import { openWorld } from './world.ts'

const sixYears = 6 * 366 * 86_400_000
const compared = 4
const daily = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY']

interface Line {
  readonly start: number
  readonly rule: string
  /** What python-dateutil says; undefined where it found no end. */
  readonly told: string | undefined
}

const wall = (text: string) =>
  Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6.000Z'))
const shown = (time: number) => new Date(time).toISOString().replaceAll(/[-:]|\.000Z/g, '')

const lines = readFileSync(new URL('./recurrences.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line): Line => {
    const [start = '', rule = '', told] = line.split('|')
    return { start: wall(start), rule, told: told === '?' ? undefined : told }
  })

/** What we make of a rule; a refusal is an answer. */
function ours({ start, rule }: Line, most: number): readonly string[] | NotACalendar {
  try {
    const found = occurrences(readRule(rule), start, start, start + sixYears, new Work(30_000_000))
    return found.take(most).map(shown).toArray()
  } catch (error) {
    if (error instanceof NotACalendar) return error
    throw error
  }
}

const part = (rule: string, name: string) => new RegExp(`(?:^|;)${name}=([^;]*)`).exec(rule)?.[1]

/** Where python-dateutil differs, and the words of RFC 5545 §3.3.10 that it differs from. */
const explained: readonly { readonly text: string; readonly of: (rule: string) => boolean }[] = [
  {
    // It narrows the numbered days by the plain ones; a list names what each of its items names.
    text: 'The BYDAY rule part specifies a COMMA-separated list of days of the week; […] Each BYDAY value can also be preceded by a positive (+n) or negative (-n) integer.',
    of: (rule) => {
      const items = part(rule, 'BYDAY')?.split(',') ?? []
      return items.some((item) => /\d/.test(item)) && items.some((item) => !/\d/.test(item))
    },
  },
  {
    // It takes all seven days of the week.
    text: 'Information, not contained in the rule, necessary to determine the various recurrence instance start time and dates are derived from the Start Time (DTSTART) component attribute.',
    of: (rule) =>
      part(rule, 'BYWEEKNO') !== undefined &&
      ['BYDAY', 'BYMONTHDAY', 'BYYEARDAY'].every((name) => part(rule, name) === undefined),
  },
  {
    // Its first week begins at DTSTART, and so counts from there; its first month does not.
    text: 'Each BYSETPOS value […] corresponds to the nth occurrence within the set of recurrence instances specified by the rule. BYSETPOS operates on a set of recurrence instances in one interval of the recurrence rule.',
    of: (rule) => part(rule, 'FREQ') === 'WEEKLY' && part(rule, 'BYSETPOS') !== undefined,
  },
]

describe('recurrence rules', () => {
  it('are those that python-dateutil names, or differ by the words of the standard', () => {
    let same = 0
    const differing = lines.filter((line) => {
      const found = ours(line, compared)
      if (line.told === undefined || found instanceof NotACalendar) return false
      if (found.join(' ') !== line.told) return true
      same += 1
      return false
    })
    expect(lines.length).toBeGreaterThanOrEqual(2000)
    expect(same).toBeGreaterThan(1800)
    const kinds = explained.map(({ of }) => differing.filter(({ rule }) => of(rule)))
    expect(kinds.map(({ length }) => length > 0)).toEqual([true, true, true])
    expect(differing.filter(({ rule }) => !explained.some(({ of }) => of(rule)))).toEqual([])
  })

  it('are refused by name where the standard does not say what they mean, and for no other reason', () => {
    const refused = lines.flatMap((line) => {
      const found = ours(line, compared)
      return found instanceof NotACalendar ? [{ rule: line.rule, message: found.message }] : []
    })
    const doubtful = lines.filter(
      ({ rule }) =>
        part(rule, 'BYWEEKNO') !== undefined &&
        (Number(part(rule, 'INTERVAL') ?? 1) > 1 || part(rule, 'BYSETPOS') !== undefined),
    )
    const unread = refused.filter(({ message }) => message.includes('BYWEEKNO beside INTERVAL or BYSETPOS'))
    expect(unread.map(({ rule }) => rule)).toEqual(doubtful.map(({ rule }) => rule))
    // Of one second there is no second one.
    const others = refused.filter((one) => !unread.includes(one))
    for (const { rule, message } of others) {
      expect([rule, message]).toEqual([
        expect.stringMatching(/^FREQ=SECONDLY.*BYSETPOS/),
        expect.stringContaining('BYSETPOS'),
      ])
    }
  })

  it('name what a walk over every day and second finds, by the table of the standard', () => {
    const wrong: string[] = []
    let judged = 0
    for (const line of lines) {
      const small = !daily.includes(part(line.rule, 'FREQ') ?? '')
      const found = ours(line, compared)
      if (found instanceof NotACalendar) continue
      const { times, whole } = walked(
        line.rule,
        line.start,
        line.start + sixYears,
        compared,
        small ? 2 : 4000,
      )
      judged += times.length > 0 || whole ? 1 : 0
      const expected = times.map(shown)
      const seen = whole ? found : found.slice(0, expected.length)
      if (seen.join(' ') !== expected.join(' ')) wrong.push(`${line.rule}: ${seen} instead of ${expected}`)
    }
    expect(wrong).toEqual([])
    expect(judged).toBeGreaterThanOrEqual(2000)
  }, 240_000)

  it('close in an uploaded calendar what they name, when it begins at the first', async () => {
    const world = openWorld()
    const wrong: string[] = []
    let seen = 0
    const rules = [...new Set(lines.map(({ rule }) => rule))].filter((rule) =>
      daily.includes(part(rule, 'FREQ') ?? ''),
    )
    // The clock of the tests stands at 5 January 2026.
    const start = Date.parse('2026-01-06T09:00:00.000Z')
    const writtenUntil = Date.parse('2036-01-13T00:00:00.000Z')
    for (const rule of rules.slice(0, 300)) {
      const [first] = walked(rule, start, start + sixYears, 1).times
      if (first === undefined) continue
      const { times } = walked(rule, first, first + sixYears, compared)
      const event = [`DTSTART:${shown(first)}Z`, 'DURATION:PT1S', `RRULE:${rule}`]
      const icalendar = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', ...event, 'END:VEVENT', 'END:VCALENDAR'].join(
        '\r\n',
      )
      const { status, body } = await world.call('PUT', '/api/v1/calendars/c', {
        body: { kind: 'ical', timezone: 'UTC', icalendar },
      })
      if (status === 400) {
        expect(body.errors[0].expected).toMatch(/BYWEEKNO beside|recur more than/)
        continue
      }
      seen += 1
      const starts = body.definition.ranges.map((range: { start: string }) => shown(Date.parse(range.start)))
      const expected = times.filter((time) => time < writtenUntil).map(shown)
      if (starts.slice(0, expected.length).join() !== expected.join()) wrong.push(`${rule}: ${starts}`)
    }
    expect(wrong).toEqual([])
    expect(seen).toBeGreaterThan(200)
  })
})
