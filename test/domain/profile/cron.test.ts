import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCron } from '../../../functions/domain/profile/cron.ts'
import { describeSchedule } from '../../../functions/domain/profile/schedule-words.ts'

/** The first times after the start of 2026, as text. */
function times(expression: string, count: number): string[] {
  const read = readCron(expression)
  if ('problem' in read) throw new Error(`${read.problem.field}: ${read.problem.expected}`)
  const after = Date.UTC(2026, 0, 1) - 1
  return read.cron
    .after(after)
    .take(count)
    .map((wall) => new Date(wall).toISOString().slice(0, 16))
    .toArray()
}

function problemOf(expression: string) {
  const read = readCron(expression)
  return 'problem' in read ? read.problem.field : 'none'
}

describe('the five fields', () => {
  test.each([
    ['0 2 * * 0', '2026-01-04T02:00', '2026-01-11T02:00'],
    ['0 1 1 * *', '2026-01-01T01:00', '2026-02-01T01:00'],
    ['*/30 * * * *', '2026-01-01T00:00', '2026-01-01T00:30'],
    ['10/20 5 * * *', '2026-01-01T05:10', '2026-01-01T05:30'],
    ['0 9 * JAN,jun Mon-wed', '2026-01-05T09:00', '2026-01-06T09:00'],
    ['0 0 L 2 *', '2026-02-28T00:00', '2027-02-28T00:00'],
    ['0 3 * * 5L', '2026-01-30T03:00', '2026-02-27T03:00'],
    ['0 3 * * 7#1', '2026-01-04T03:00', '2026-02-01T03:00'],
    ['0 3 * * tue#1,fri#3', '2026-01-06T03:00', '2026-01-16T03:00'],
    ['0 0 29 2 *', '2028-02-29T00:00', '2032-02-29T00:00'],
    ['0 0 * 2 mon#5', '2044-02-29T00:00', '2072-02-29T00:00'],
    [' 0\t2  * * 0 ', '2026-01-04T02:00', '2026-01-11T02:00'],
  ])('%s', (expression, ...expected) => {
    expect(times(expression, 2)).toEqual(expected)
  })

  test('both day fields set means either of them', () => {
    expect(times('0 0 13 * 5', 4)).toEqual([
      '2026-01-02T00:00',
      '2026-01-09T00:00',
      '2026-01-13T00:00',
      '2026-01-16T00:00',
    ])
  })

  test('a Sunday is 0 and 7, alone and in ranges', () => {
    expect(times('0 0 * * 7', 3)).toEqual(times('0 0 * * 0', 3))
    expect(times('0 0 * * 5-7', 5)).toEqual(times('0 0 * * 0,5,6', 5))
  })

  test('a step through the week ends on Saturday', () => {
    expect(times('0 0 * * 1/3', 4)).toEqual(times('0 0 * * 1,4', 4))
  })
})

describe('what is refused, and which field that is', () => {
  test.each([
    ['', 'expression'],
    ['   ', 'expression'],
    ['@daily', 'expression'],
    ['@reboot', 'expression'],
    ['0 0 2 * * 0', 'expression'],
    ['0 2 * *', 'expression'],
    ['0 10 * * ? *', 'expression'],
    ['0 8 ? * 2', 'day of month'],
    ['0 8 * * ?', 'day of week'],
    ['60 2 * * 0', 'minute'],
    ['-1 2 * * 0', 'minute'],
    ['H 2 * * 0', 'minute'],
    ['*/0 2 * * 0', 'minute'],
    ['*/60 2 * * 0', 'minute'],
    ['30-10 2 * * 0', 'minute'],
    ['1,,2 2 * * 0', 'minute'],
    ['1, 2 * * 0', 'minute'],
    ['1.5 2 * * 0', 'minute'],
    ['0 24 * * 0', 'hour'],
    ['0 2-25 * * 0', 'hour'],
    ['0 2 0 * *', 'day of month'],
    ['0 2 32 * *', 'day of month'],
    ['0 2 15W * *', 'day of month'],
    ['0 2 3L * *', 'day of month'],
    ['0 2 31 2 *', 'day of month'],
    ['0 2 30,31 feb *', 'day of month'],
    ['0 2 31 4,6,9,11 *', 'day of month'],
    ['0 2 31 2 1', 'day of month'],
    ['0 2 * 13 *', 'month'],
    ['0 2 * foo *', 'month'],
    ['0 2 * * 8', 'day of week'],
    ['0 2 * * 1#6', 'day of week'],
    ['0 2 * * L', 'day of week'],
    ['0 2 * * 1-3L', 'day of week'],
    ['0 2 * * monday', 'day of week'],
    ['0 2 * * constructor', 'day of week'],
  ])('“%s”: the %s', (expression, field) => {
    expect(problemOf(expression)).toBe(field)
  })

  test('a long text, at once', () => {
    expect(problemOf(`${'0,'.repeat(200)}0 2 * * 0`)).toBe('expression')
    expect(problemOf(' '.repeat(1_000_000))).toBe('expression')
    expect(problemOf(`${'9'.repeat(100)} ${'*/'.repeat(50)} * * *`)).toBe('minute')
  })

  test('anything at all is either read or refused, and never thrown at', () => {
    const piece = fc.constantFrom(
      '*',
      '0',
      '5',
      '31',
      '59',
      '7',
      '-',
      '/',
      ',',
      '#',
      'L',
      'sun',
      'feb',
      '?',
      'W',
      ' ',
      '2',
    )
    const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ maxLength: 60 })), (expression) => {
        const read = readCron(expression)
        if ('problem' in read) expect(read.problem.expected).toMatch(/\w/)
        else
          expect(
            read.cron
              .after(Date.UTC(2026, 0, 1))
              .take(1)
              .toArray(),
          ).toHaveLength(1)
      }),
      { numRuns: 1000 },
    )
  })

  test('five fields of the dialect are read, whichever they are, and said in words', () => {
    const field = (least: number, most: number) => {
      const value = fc.integer({ min: least, max: most })
      const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
      const step = fc.integer({ min: 1, max: most }).map((by) => `*/${by}`)
      const item = fc.oneof(value.map(String), range)
      return fc.oneof(
        fc.constant('*'),
        step,
        fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
      )
    }
    const expressions = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
    fc.assert(
      fc.property(expressions, (fields) => {
        const expression = fields.join(' ')
        const [first, second] = times(expression, 2)
        expect(first && second && first < second).toBe(true)
        expect(describeSchedule({ cron_expression: expression, timezone: 'UTC', offset_days: 0 })).toMatch(
          /\(UTC\)$/,
        )
      }),
      { numRuns: 200 },
    )
  })
})

describe('P3: in words', () => {
  test('what is said of two expressions is the same only if they open at the same times', () => {
    const field = (values: readonly string[]) => fc.constantFrom(...values)
    const expressions = fc.tuple(
      field(['*', '*/1', '0', '*/15', '*/7', '0,30', '5-8', '10/20', '0-59', '*,5']),
      field(['*', '2', '*/6', '*/5', '1,2,3', '0-23', '22-23', '*/1']),
      field(['*', '*/1', '1', 'L', '1-7', '1-31', '13,L', '*/2']),
      field(['*', 'feb', '1,4,7,10', '1-12', '*/3', '11-12']),
      field(['*', '*/1', '0', '1-5', '0-6', '5L', '2#2', '1#1,3#3', '7,5L', '0,7']),
    )
    const said = new Map<string, { readonly expression: string; readonly opens: string }>()
    fc.assert(
      fc.property(expressions, fc.constantFrom(0, 1, 6), (fields, offset_days) => {
        const expression = fields.join(' ')
        if ('problem' in readCron(expression)) return
        const words = describeSchedule({ cron_expression: expression, timezone: 'UTC', offset_days })
        const opens = `${offset_days} ${times(expression, 300).join()}`
        const before = said.get(words)
        if (before) expect([expression, opens]).toEqual([expect.anything(), before.opens])
        else said.set(words, { expression, opens })
      }),
      { numRuns: 3000, seed: 9 },
    )
    expect(said.size).toBeGreaterThan(1000)
  })

  test.each([
    ['0 2 * * 0', 'America/New_York', 'At 2:00 AM, only on Sunday (America/New_York)'],
    ['0 1 1 * *', 'UTC', 'At 1:00 AM, on day 1 of the month (UTC)'],
    ['30 14 * * 1', 'Asia/Singapore', 'At 2:30 PM, only on Monday (Asia/Singapore)'],
    ['0 10 * * *', 'UTC', 'At 10:00 AM (UTC)'],
    ['*/30 * * * *', 'UTC', 'Every 30 minutes (UTC)'],
    ['* * * * *', 'UTC', 'Every minute (UTC)'],
    ['0 * * * *', 'UTC', 'Every hour (UTC)'],
    ['15 */2 * * *', 'UTC', 'At 15 minutes past the hour, in every second hour from midnight on (UTC)'],
    [
      '0 9-17 * * mon-fri',
      'UTC',
      'Every hour, in the hours from 9:00 AM through 5:00 PM, only on Monday through Friday (UTC)',
    ],
    [
      '0,30 2 1,L jan *',
      'UTC',
      'At 2:00 AM and 2:30 AM, on day 1 and the last day of the month, only in January (UTC)',
    ],
    ['0 0 13 * 5', 'UTC', 'At 12:00 AM, on day 13 of the month, or on Friday (UTC)'],
    ['0 3 * * 5L', 'UTC', 'At 3:00 AM, only on the last Friday of the month (UTC)'],
    [
      '0 12 * 6-8 1#1,3#3',
      'UTC',
      'At 12:00 PM, only on the first Monday and the third Wednesday of the month, only in June through August (UTC)',
    ],
  ])('%s in %s', (expression, timezone, words) => {
    expect(describeSchedule({ cron_expression: expression, timezone, offset_days: 0 })).toBe(words)
  })
})
