import { describe, expect, it } from 'vitest'
import { unknownPlaces, writeOutHolidays } from '../../functions/api/calendars/holidays.ts'
import { calendarState } from '../../functions/domain/policy/calendar.ts'
import { openWorld } from './world.ts'

const now = Date.parse('2026-01-05T10:00:00.000Z')
const country = (code: string, state: string | null = null) =>
  writeOutHolidays({ country: code, state, region: null, timezone: null, types: ['public'] }, now)

describe('a calendar of a country', () => {
  it.each([
    ['US', null, '2026-07-04T12:00:00.000Z', 'Independence Day'],
    ['US', null, '2026-11-26T12:00:00.000Z', 'Thanksgiving Day'],
    ['DE', 'BY', '2026-01-06T12:00:00.000Z', 'Epiphany'],
    ['DE', null, '2026-04-03T12:00:00.000Z', 'Good Friday'],
    ['GB', null, '2026-12-25T12:00:00.000Z', 'Christmas Day'],
  ])('%s %s is closed at %s: %s', (code, state, at, why) => {
    const found = calendarState(country(code, state), at)
    expect(found).toMatchObject({ open: false })
    expect(found.why).toContain(why)
  })

  it('is open in between and says when it closes', () => {
    expect(calendarState(country('DE'), '2026-01-02T00:00:00.000Z')).toEqual({
      open: true,
      why: [],
      changesAt: '2026-04-02T22:00:00.000Z',
    })
    expect(calendarState(country('DE'), '2026-01-06T12:00:00.000Z').open).toBe(true)
  })

  it('joins holidays that follow one another', () => {
    expect(calendarState(country('DE'), '2026-12-25T12:00:00.000Z').changesAt).toBe(
      '2026-12-26T23:00:00.000Z',
    )
  })

  it('names what it does not know', () => {
    expect(unknownPlaces({ country: 'DE', state: 'BY', region: null })).toEqual([])
    const fields = (place: Parameters<typeof unknownPlaces>[0]) => unknownPlaces(place).map((p) => p.field)
    expect(fields({ country: 'XX', state: null, region: null })).toEqual(['country'])
    expect(fields({ country: 'DE', state: 'ZZ', region: null })).toEqual(['state'])
    expect(fields({ country: 'DE', state: 'BY', region: 'ZZ' })).toEqual(['region'])
    expect(fields({ country: 'DE', state: null, region: 'A' })).toEqual(['region'])
  })

  it('is written out for ten whole years, past which it is closed, and names where its days come from', async () => {
    const world = openWorld()
    const body = { kind: 'country', country: 'DE' }
    const reply = await world.call('PUT', '/api/v1/calendars/holidays', { body })
    const source = { name: 'date-holidays', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) }
    expect(reply.body).toMatchObject({ knownUntil: '2037-01-01T00:00:00.000Z', runsOut: false, source })
    const at = (instant: string) =>
      world.call('GET', '/api/v1/calendars/holidays/state', { query: { at: instant } })
    expect((await at('2036-12-31T12:00:00Z')).body).toMatchObject({ open: true, source })
    expect((await at('2037-03-03T12:00:00Z')).body).toMatchObject({ open: false, changesAt: null })
    expect((await at('2037-03-03T12:00:00Z')).body.why).toEqual([
      expect.stringContaining('define the calendar anew'),
    ])
    // The same request later in the year comes to the same days.
    world.pass(200 * 86_400)
    const again = await world.call('PUT', '/api/v1/calendars/holidays', { body })
    expect([again.status, again.headers.etag]).toEqual([200, reply.headers.etag])
  })

  it('of every country and kind fits into one event of the log', () => {
    const types = ['public', 'bank', 'school', 'optional', 'observance'] as const
    const places = ['US', 'DE', 'IN', 'JP', 'LK', 'RU', 'ET']
    for (const code of places) {
      const written = writeOutHolidays(
        { country: code, state: null, region: null, timezone: null, types: [...types] },
        now,
      )
      expect(Buffer.byteLength(JSON.stringify(written))).toBeLessThan(60_000)
      expect(written.knownUntil > '2028').toBe(true)
    }
  })
})
