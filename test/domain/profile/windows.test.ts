import { describe, expect, test } from 'vitest'
import {
  contains,
  nextOpenings,
  nextWindow,
  type Schedule,
  type Timed,
  windowsBetween,
} from '../../../functions/domain/profile/windows.ts'
import { merge, minus } from '../../../functions/domain/window.ts'
import { definition, scheduled } from './world.ts'

const at = (text: string): string => `${text}:00.000Z`

/** A definition with a schedule, of which an attempt takes so many minutes. */
const timed = (schedule: Schedule, minutes = 1): Timed => ({
  schedule,
  upgrade_settings: { ...definition.upgrade_settings, expected_minutes: minutes },
})

describe('P8: windows in the profile’s time zone, by name', () => {
  test('New York Sunday 02:00 does not exist on 2026-03-08: it opens at 07:00Z for four hours of elapsed time', () => {
    const [window] = windowsBetween(
      scheduled('0 2 * * 0', 'America/New_York'),
      at('2026-03-08T00:00'),
      at('2026-03-09T00:00'),
    )
    expect(window).toEqual({ start: at('2026-03-08T07:00'), end: at('2026-03-08T11:00') })
  })

  test('New York 02:30 opens at 07:00Z that day as well, where 03:30 would be half an hour late', () => {
    expect(nextOpenings(scheduled('30 2 * * 0', 'America/New_York'), at('2026-03-08T00:00'), 1)).toEqual([
      at('2026-03-08T07:00'),
    ])
  })

  test('New York 01:30 on 2026-11-01 comes twice: it opens once, at 05:30Z', () => {
    const schedule = scheduled('30 1 * * *', 'America/New_York')
    expect(nextOpenings(schedule, at('2026-11-01T04:00'), 2)).toEqual([
      at('2026-11-01T05:30'),
      at('2026-11-02T06:30'),
    ])
    expect(nextOpenings(schedule, at('2026-11-01T05:30'), 1)).toEqual([at('2026-11-02T06:30')])
    expect(contains(schedule, at('2026-11-01T06:30'))).toBe(false)
  })

  test('Lord Howe skips half an hour: 02:15 on 2026-10-04 opens at 15:30Z the day before', () => {
    expect(nextOpenings(scheduled('15 2 * * *', 'Australia/Lord_Howe'), at('2026-10-03T12:00'), 1)).toEqual([
      at('2026-10-03T15:30'),
    ])
  })

  test('Cairo has no midnight on 2026-04-24: 00:00 opens at 22:00Z the day before', () => {
    expect(nextOpenings(scheduled('0 0 * * *', 'Africa/Cairo'), at('2026-04-23T12:00'), 1)).toEqual([
      at('2026-04-23T22:00'),
    ])
  })

  test('Saturday 23:00 for four hours is open on Sunday at 01:00, and closed at 03:00', () => {
    const schedule = scheduled('0 23 * * 6')
    const window = { start: at('2026-03-07T23:00'), end: at('2026-03-08T03:00') }
    const openAt = (from: string) =>
      windowsBetween(schedule, from, new Date(Date.parse(from) + 1).toISOString())
    expect(openAt(at('2026-03-08T01:00'))).toEqual([window])
    expect(openAt(at('2026-03-08T03:00'))).toEqual([])
    expect(openAt(at('2026-03-07T23:00'))).toEqual([window])
    expect(openAt('2026-03-07T22:59:59.999Z')).toEqual([])
  })

  test('Samoa had no 2011-12-30: whatever starts on it is one window at the first instant after', () => {
    expect(nextOpenings(scheduled('0 */6 * * *', 'Pacific/Apia'), at('2011-12-30T04:30'), 2)).toEqual([
      at('2011-12-30T10:00'),
      at('2011-12-30T16:00'),
    ])
  })

  test('several starts inside one gap open one window', () => {
    expect(nextOpenings(scheduled('*/15 2 * * *', 'Europe/Berlin'), at('2026-03-29T00:30'), 2)).toEqual([
      at('2026-03-29T01:00'),
      at('2026-03-30T00:00'),
    ])
  })

  test('a quarterly one opens four times a year', () => {
    expect(nextOpenings(scheduled('0 1 1 1,4,7,10 *', 'Europe/London'), at('2026-01-02T00:00'), 4)).toEqual([
      at('2026-04-01T00:00'),
      at('2026-07-01T00:00'),
      at('2026-10-01T00:00'),
      at('2027-01-01T01:00'),
    ])
  })
})

describe('P11: one local time in three regions', () => {
  test('is staggered by the zones', () => {
    const opens = (zone: string) => nextOpenings(scheduled('0 2 * * 0', zone), at('2026-07-04T12:00'), 1)
    expect(opens('Asia/Singapore')).toEqual([at('2026-07-04T18:00')])
    expect(opens('Europe/London')).toEqual([at('2026-07-05T01:00')])
    expect(opens('America/New_York')).toEqual([at('2026-07-05T06:00')])
  })
})

describe('open time', () => {
  const night = { start: at('2026-03-08T00:00'), end: at('2026-03-08T04:00') }

  test('of windows that overlap or touch is one', () => {
    const next = { start: at('2026-03-08T04:00'), end: at('2026-03-08T06:00') }
    const inside = { start: at('2026-03-08T01:00'), end: at('2026-03-08T02:00') }
    const apart = { start: at('2026-03-09T00:00'), end: at('2026-03-09T01:00') }
    expect(merge([apart, next, inside, night])).toEqual([{ start: night.start, end: next.end }, apart])
  })

  test('ends where a freeze begins and goes on where it ends', () => {
    const freeze = { from: at('2026-03-08T01:00'), to: at('2026-03-08T02:00'), why: 'a launch' }
    expect(minus([night], [freeze])).toEqual([
      { start: night.start, end: freeze.from },
      { start: freeze.to, end: night.end },
    ])
    expect(minus([night], [{ ...freeze, from: night.start }])).toEqual([{ start: freeze.to, end: night.end }])
    expect(minus([night], [{ ...freeze, from: night.start, to: night.end }])).toEqual([])
    expect(minus([night], [{ ...freeze, from: night.end, to: at('2026-03-09T00:00') }])).toEqual([night])
  })
})

describe('the next window', () => {
  const schedule = scheduled('0 2 * * 0', 'America/New_York')
  const easter = { from: at('2026-04-05T04:00'), to: at('2026-04-06T04:00'), why: 'Easter Sunday' }

  test('after one that was not enough takes what is left over, holidays passed over', () => {
    expect(nextWindow(timed(schedule), at('2026-03-29T06:00'), [])?.start).toBe(at('2026-04-05T06:00'))
    expect(nextWindow(timed(schedule), at('2026-03-29T06:00'), [easter])).toEqual({
      start: at('2026-04-12T06:00'),
      end: at('2026-04-12T10:00'),
    })
  })

  test('is one of which calendars leave more than an attempt takes, whichever end they leave', () => {
    const every = timed(schedule, 5)
    const closed = (from: string, to: string) => ({ from: at(from), to: at(to), why: 'closed' })
    const first = at('2026-03-29T06:00')
    const next = (...closures: ReturnType<typeof closed>[]) =>
      nextWindow(every, at('2026-03-28T00:00'), closures)?.start
    expect(next(closed('2026-03-29T06:05', '2026-03-29T10:00'))).toBe(at('2026-04-05T06:00'))
    expect(next(closed('2026-03-29T06:06', '2026-03-29T10:00'))).toBe(first)
    expect(next(closed('2026-03-29T05:00', '2026-03-29T09:55'))).toBe(at('2026-04-05T06:00'))
    expect(next(closed('2026-03-29T05:00', '2026-03-29T09:54'))).toBe(first)
  })

  test('is found at the far end of a long freeze, however many openings that covers', () => {
    const month = { from: at('2026-03-01T00:00'), to: at('2026-04-01T00:00'), why: 'year-end' }
    const more = { from: at('2026-04-01T00:00'), to: at('2026-04-01T12:00'), why: 'a launch' }
    // It opens inside of it, and has as many minutes after it as an attempt takes, and one.
    const every = timed(scheduled('* * * * *'), 5)
    expect(nextWindow(every, at('2026-03-02T00:00'), [more, month])?.start).toBe(at('2026-04-01T08:06'))
  })

  test('does not exist where no opening comes for as long as the calendar goes', () => {
    const forever = { from: at('2000-01-01T00:00'), to: at('9999-12-31T00:00'), why: 'closed for good' }
    expect(nextWindow(timed(scheduled('0 0 29 2 *')), at('2026-01-01T00:00'), [forever])).toBeUndefined()
  })
})
