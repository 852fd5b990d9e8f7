import { expect, test, vi } from 'vitest'
import { reconcileAll } from '../../functions/reactor/reconcile.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { openWorld } from '../api/world.ts'

test('a calendar that is open inside of its events alone runs out a month before the last of them ends', async () => {
  const world = openWorld()
  const event = ['BEGIN:VEVENT', 'DTSTART:20260301T000000Z', 'DTEND:20260302T000000Z', 'END:VEVENT']
  const icalendarOf = (kind: string) =>
    ['BEGIN:VCALENDAR', `X-CALENDAR-TYPE:${kind}`, ...event, 'END:VCALENDAR'].join('\r\n')
  const runsOut = async (kind: string) => {
    const body = { kind: 'ical', icalendar: icalendarOf(kind) }
    return (await world.call('PUT', '/api/v1/calendars/c', { body })).body.runsOut
  }
  expect([await runsOut('DEFAULT_OPEN'), await runsOut('DEFAULT_CLOSED')]).toEqual([false, false])
  world.pass(30 * 86_400)
  expect([await runsOut('DEFAULT_OPEN'), await runsOut('DEFAULT_CLOSED')]).toEqual([false, true])
})

test('a month before a calendar is known no more, the daily reconciliation says so in a metric, and the calendar itself', async () => {
  const world = openWorld()
  const event = [
    'BEGIN:VEVENT',
    'DTSTART:20260105T000000Z',
    'DURATION:PT1H',
    'RRULE:FREQ=DAILY',
    'END:VEVENT',
  ]
  const icalendar = ['BEGIN:VCALENDAR', ...event, 'END:VCALENDAR'].join('\r\n')
  const daily = { kind: 'ical', timezone: 'UTC', icalendar }
  await world.call('PUT', '/api/v1/calendars/daily', { body: daily })
  await world.call('PUT', '/api/v1/calendars/holidays', { body: { kind: 'country', country: 'DE' } })
  await world.settle()

  /** What one run of the reconciliation writes for CloudWatch. */
  const told = async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const spoken = vi.spyOn(console, 'log').mockReturnValue()
    await reconcileAll({ ...world.services, viewStore: memoryViewStore() }, { start: true })
    const lines = written.mock.calls.map(([line]) => String(line))
    written.mockRestore()
    spoken.mockRestore()
    const found = lines.filter((line) => line.includes('CalendarsRunningOut'))
    return found.map((line) => JSON.parse(line))
  }
  const runsOut = async (name: string) => (await world.call('GET', `/api/v1/calendars/${name}`)).body.runsOut

  // 400 days are written out, so until 9 February 2027.
  world.pass(368 * 86_400)
  expect(await told()).toMatchObject([{ CalendarsRunningOut: 0 }])
  expect(await runsOut('daily')).toBe(false)
  world.pass(86_400)
  expect(await told()).toMatchObject([{ CalendarsRunningOut: 1, calendars: 'daily' }])
  expect([await runsOut('daily'), await runsOut('holidays')]).toEqual([true, false])

  // Whoever defines it anew has peace for another year.
  await world.call('PUT', '/api/v1/calendars/daily', { body: daily })
  expect(await told()).toMatchObject([{ CalendarsRunningOut: 0 }])
})
