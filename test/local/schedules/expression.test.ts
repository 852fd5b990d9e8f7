import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExpression } from '../../../infra/local/schedules/expression.ts'
import { instantAt, wallAt } from '../../../infra/local/schedules/zone.ts'

function occurrences(expression: string, timeZone: string, from: string, count: number): string[] {
  const timing = parseExpression(expression, timeZone)
  if (timing.kind !== 'cron') throw new Error(`${expression} is not a cron expression`)
  const found: string[] = []
  for (let instant = timing.next(Date.parse(from)); instant !== undefined && found.length < count; ) {
    found.push(new Date(instant).toISOString().slice(0, 16))
    instant = timing.next(instant)
  }
  return found
}

describe('a cron expression', () => {
  const from = '2026-01-01T00:00:00Z' // a Thursday
  it.each([
    ['cron(0 10 * * ? *)', ['2026-01-01T10:00', '2026-01-02T10:00']],
    ['cron(15 12 * * ? *)', ['2026-01-01T12:15', '2026-01-02T12:15']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-01T18:00', '2026-01-02T18:00', '2026-01-05T18:00']],
    ['cron(0 8 1 * ? *)', ['2026-01-01T08:00', '2026-02-01T08:00']],
    ['cron(0/10 * ? * MON-FRI *)', ['2026-01-01T00:10', '2026-01-01T00:20']],
    ['cron(0/5 8-17 ? * MON-FRI *)', ['2026-01-01T08:00', '2026-01-01T08:05']],
    ['cron(0 9 ? * 2#1 *)', ['2026-01-05T09:00', '2026-02-02T09:00']],
    ['cron(0 9 ? * 3#2 *)', ['2026-01-13T09:00', '2026-02-10T09:00']],
    ['cron(0 0 L * ? *)', ['2026-01-31T00:00', '2026-02-28T00:00']],
    ['cron(0 0 ? * FRIL *)', ['2026-01-30T00:00', '2026-02-27T00:00']],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['cron(0 0 1 JAN,JUL ? 2027)', ['2027-01-01T00:00', '2027-07-01T00:00']],
    ['cron(0 0 31 2 ? *)', []],
  ])('%s', (expression, expected) => {
    expect(occurrences(expression, 'UTC', from, Math.max(1, expected.length))).toEqual(expected)
  })

  it('skips a time that clocks skip', () => {
    const found = occurrences('cron(30 2 * * ? *)', 'America/New_York', '2026-03-07T00:00:00Z', 2)
    expect(found).toEqual(['2026-03-07T07:30', '2026-03-09T06:30'])
  })

  it('runs once, the first time, when clocks repeat an hour', () => {
    const found = occurrences('cron(30 1 * * ? *)', 'America/New_York', '2026-11-01T00:00:00Z', 2)
    expect(found).toEqual(['2026-11-01T05:30', '2026-11-02T06:30'])
  })

  it.each([
    'cron(0 10 * * ?)',
    'cron(0 10 * * * *)',
    'cron(0 10 ? * ? *)',
    'cron(60 10 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(0 10 0 * ? *)',
    'cron(0 10 * 13 ? *)',
    'cron(0 10 ? * 8 *)',
    'cron(0 10 3W * ? *)',
    'cron(0 10 ? * FRI-MON *)',
    'cron(*/0 10 * * ? *)',
    'cron( 10 * * ? *)',
  ])('%s is refused', (expression) => {
    expect(() => parseExpression(expression, 'UTC')).toThrow('Invalid Schedule Expression')
  })
})

describe('a one-time expression', () => {
  it.each([
    ['2026-07-01T12:00:00', 'Europe/Berlin', '2026-07-01T10:00:00.000Z'],
    ['2026-03-08T02:30:00', 'America/New_York', '2026-03-08T07:00:00.000Z'],
    ['2026-11-01T01:30:00', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['2026-10-04T02:15:00', 'Australia/Lord_Howe', '2026-10-03T15:30:00.000Z'],
  ])('%s in %s is %s', (wall, timeZone, instant) => {
    expect(parseExpression(`at(${wall})`, timeZone)).toEqual({ kind: 'at', instant: Date.parse(instant) })
  })

  it('finds the instant of every wall clock time that exists', () => {
    const zones = fc.constantFrom(
      'UTC',
      'America/New_York',
      'Europe/Berlin',
      'Asia/Kathmandu',
      'Pacific/Apia',
    )
    const instants = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) })
    fc.assert(
      fc.property(instants, zones, (instant, timeZone) => {
        const found = instantAt(wallAt(instant, timeZone), timeZone)
        expect(found.exists).toBe(true)
        expect(wallAt(found.instant, timeZone)).toBe(wallAt(instant, timeZone))
        expect(found.instant).toBeLessThanOrEqual(instant)
      }),
    )
  })
})
