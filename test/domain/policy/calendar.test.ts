import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CalendarDefinition } from '../../../events/policy.ts'
import { calendarState, closedBetween, runsOut } from '../../../functions/domain/policy/calendar.ts'
import { defineCalendar, policyAggregate } from '../../../functions/domain/policy/policy.ts'
import { specOf } from '../given.ts'

const dates = (timezone: string, ...days: string[]): CalendarDefinition => ({
  kind: 'dates',
  timezone,
  dates: days.map((date) => ({ date, name: date })),
})
const ranges = (...pairs: [start: string, end: string][]): CalendarDefinition => ({
  kind: 'ranges',
  ranges: pairs.map(([start, end]) => ({ start, end, name: start })),
})

describe('a calendar of dates', () => {
  it('closes from midnight to midnight of its zone, once or every year', () => {
    const calendar = dates('Europe/Berlin', '2026-12-24', '01-01')
    expect(closedBetween(calendar, '2026-06-01T00:00:00.000Z', '2028-01-01T00:00:00.000Z')).toEqual([
      { from: '2026-12-23T23:00:00.000Z', to: '2026-12-24T23:00:00.000Z', why: '2026-12-24' },
      { from: '2026-12-31T23:00:00.000Z', to: '2027-01-01T23:00:00.000Z', why: '01-01' },
      { from: '2027-12-31T23:00:00.000Z', to: '2028-01-01T23:00:00.000Z', why: '01-01' },
    ])
  })

  it('knows days of 23 and 25 hours', () => {
    const [spring, autumn] = closedBetween(
      dates('America/New_York', '03-08', '11-01'),
      '2026-01-01T00:00:00.000Z',
      '2026-12-31T00:00:00.000Z',
    ).map(({ from, to }) => (Date.parse(to) - Date.parse(from)) / 3_600_000)
    expect([spring, autumn]).toEqual([23, 25])
  })

  it('begins a day whose midnight the clocks skip after the gap', () => {
    const [first] = closedBetween(
      dates('Africa/Cairo', '2026-04-24'),
      '2026-04-01T00:00:00.000Z',
      '2026-05-01T00:00:00.000Z',
    )
    expect(first?.from).toBe('2026-04-23T22:00:00.000Z')
  })

  it('has 29 February in leap years only, however far away', () => {
    expect(calendarState(dates('UTC', '02-29'), '2096-03-01T00:00:00.000Z').changesAt).toBe(
      '2104-02-29T00:00:00.000Z',
    )
  })

  it('meets zones that are a day ahead or behind', () => {
    const at = '2025-12-31T10:00:00.000Z'
    expect(calendarState(dates('Pacific/Kiritimati', '2026-01-01'), at).open).toBe(false)
    expect(calendarState(dates('Pacific/Niue', '2026-01-01'), at)).toEqual({
      open: true,
      why: [],
      changesAt: '2026-01-01T11:00:00.000Z',
    })
  })
})

describe('a calendar of ranges', () => {
  it('is closed from the start, open at the end, and joins what meets', () => {
    const calendar = ranges(
      ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
      ['2026-01-02T00:00:00.000Z', '2026-01-03T00:00:00.000Z'],
    )
    const state = (at: string) => calendarState(calendar, at)
    expect(state('2025-12-31T23:59:59.999Z')).toEqual({
      open: true,
      why: [],
      changesAt: '2026-01-01T00:00:00.000Z',
    })
    expect(state('2026-01-01T00:00:00.000Z')).toEqual({
      open: false,
      why: ['2026-01-01T00:00:00.000Z'],
      changesAt: '2026-01-03T00:00:00.000Z',
    })
    expect(state('2026-01-03T00:00:00.000Z')).toEqual({ open: true, why: [], changesAt: null })
  })

  it('property: the state at every instant, and its next change, are those of a plain look at all ranges', () => {
    const hour = 3_600_000
    const start = Date.parse('2026-01-01T00:00:00.000Z')
    const at = (hours: number) => new Date(start + hours * hour).toISOString()
    const pair = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 12 }))
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), fc.nat(80), (pairs, when) => {
        const calendar = ranges(
          ...pairs.map(([from, length]): [string, string] => [at(from), at(from + length)]),
        )
        const closed = (hours: number) =>
          pairs.some(([from, length]) => from <= hours && hours < from + length)
        const rest = Array.from({ length: 100 }, (_, ahead) => when + ahead)
        const change = rest.find((hours) => closed(hours) !== closed(when))
        const found = calendarState(calendar, at(when))
        expect(found.open).toBe(!closed(when))
        expect(found.changesAt).toBe(change === undefined ? null : at(change))
      }),
    )
  })
})

describe('a calendar that was written out', () => {
  const [monday, tuesday] = ['2026-01-05T00:00:00.000Z', '2026-01-06T00:00:00.000Z']
  const [friday, end] = ['2026-01-09T00:00:00.000Z', '2026-02-01T00:00:00.000Z']
  const written = (otherwise: 'open' | 'closed', knownUntil: string | null): CalendarDefinition => ({
    kind: 'ical',
    otherwise,
    ranges: [{ start: monday, end: tuesday, name: 'event' }],
    knownUntil,
  })

  it('is closed past its end, for good', () => {
    const calendar = written('open', end)
    expect(calendarState(calendar, friday)).toEqual({ open: true, why: [], changesAt: end })
    expect(calendarState(calendar, end)).toEqual({
      open: false,
      why: [`nothing is known from ${end} on: define the calendar anew`],
      changesAt: null,
    })
    expect(closedBetween(calendar, '2099-01-01T00:00:00.000Z', '2099-01-02T00:00:00.000Z')).toHaveLength(1)
    expect(calendarState(written('open', null), '2099-01-01T00:00:00.000Z').open).toBe(true)
  })

  it('is open inside of its events alone, where it says so', () => {
    const calendar = written('closed', null)
    expect(calendarState(calendar, '2026-01-04T23:59:59.999Z')).toEqual({
      open: false,
      why: ['closed outside of its events'],
      changesAt: monday,
    })
    expect(calendarState(calendar, monday)).toEqual({ open: true, why: [], changesAt: tuesday })
    expect(calendarState(calendar, tuesday)).toMatchObject({ open: false, changesAt: null })
    const empty: CalendarDefinition = { kind: 'ical', otherwise: 'closed', ranges: [], knownUntil: null }
    expect(calendarState(empty, friday)).toMatchObject({ open: false, changesAt: null })
  })

  it('runs out a month before its end', () => {
    expect(runsOut(written('open', end), '2025-12-31T23:59:59.999Z')).toBe(false)
    expect(runsOut(written('open', end), '2026-01-01T00:00:00.000Z')).toBe(true)
    expect(runsOut(written('open', null), '2026-01-01T00:00:00.000Z')).toBe(false)
  })

  it('runs out a month before the last event that it is open in', () => {
    const at = (instant: string) => runsOut(written('closed', null), instant)
    expect([at('2025-12-05T23:59:59.999Z'), at('2025-12-06T00:00:00.000Z')]).toEqual([false, true])
    expect(runsOut({ kind: 'ical', otherwise: 'closed', ranges: [], knownUntil: null }, friday)).toBe(true)
  })
})

describe('defining a calendar', () => {
  it('takes the place of the definition before, and changes nothing when it is the same', () => {
    const { given } = specOf(policyAggregate)
    const [one, other] = [dates('UTC', '12-25'), ranges()]
    given().when(defineCalendar(one)).thenIdempotent()
    given({ type: 'CalendarDefined', data: { definition: one } })
      .when(defineCalendar(other))
      .thenEvents({ type: 'CalendarDefined', data: { definition: other } })
  })
})
