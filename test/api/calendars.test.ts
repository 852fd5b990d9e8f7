import { describe, expect, it } from 'vitest'
import { openWorld, viewer } from './world.ts'

const file = (...events: string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test', ...events, 'END:VCALENDAR'].join('\r\n')
const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n')

const put = (world: ReturnType<typeof openWorld>, name: string, body: object, headers = {}) =>
  world.call('PUT', `/api/v1/calendars/${name}`, { body, headers })
const state = async (world: ReturnType<typeof openWorld>, name: string, at: string) =>
  (await world.call('GET', `/api/v1/calendars/${name}/state`, { as: viewer, query: { at } })).body
const ical = async (...events: string[]) => {
  const world = openWorld()
  const body = { kind: 'ical', timezone: 'Europe/Berlin', icalendar: file(...events) }
  const reply = await put(world, 'c', body)
  expect([reply.status, reply.body.errors]).toEqual([201, undefined])
  return { world, reply, body }
}

describe('calendars', () => {
  it('are new to one alone of those who define one at once', async () => {
    const world = openWorld()
    const body = (day: number) => ({
      ...{ kind: 'dates', timezone: 'UTC', dates: [{ date: `12-0${day}`, name: 'inventory' }] },
    })
    const days = [1, 2, 3, 4, 5, 6]
    const replies = await Promise.all(days.map((day) => put(world, 'c', body(day))))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201])
  })

  it('are defined, listed, read and asked', async () => {
    const world = openWorld()
    const body = {
      kind: 'dates',
      timezone: 'Europe/Berlin',
      dates: [{ date: '12-24', name: 'Christmas Eve' }],
    }
    const first = await put(world, 'office', body)
    expect([first.status, first.headers.etag, first.headers.location]).toEqual([
      201,
      expect.stringMatching(/^"1-[0-9a-f]{16}"$/),
      '/api/v1/calendars/office',
    ])
    expect((await put(world, 'office', body)).status).toBe(200)
    expect((await put(world, 'bavaria', { kind: 'country', country: 'DE', state: 'BY' })).status).toBe(201)
    const list = await world.call('GET', '/api/v1/calendars', { as: viewer })
    expect(list.body).toEqual({
      calendars: [
        {
          ...{ name: 'bavaria', kind: 'country', entries: 144, updatedAt: '2026-01-05T10:00:00.000Z' },
          knownUntil: '2037-01-01T00:00:00.000Z',
        },
        {
          ...{ name: 'office', kind: 'dates', entries: 1, updatedAt: '2026-01-05T10:00:00.000Z' },
          knownUntil: null,
        },
      ],
      count: 2,
      nextCursor: null,
    })
    const read = await world.call('GET', '/api/v1/calendars/office')
    expect(read.body).toEqual({
      ...{ name: 'office', definition: body, knownUntil: null },
      ...{ runsOut: false, source: null },
    })
    expect(await state(world, 'office', '2026-12-24T10:00:00Z')).toEqual({
      name: 'office',
      at: '2026-12-24T10:00:00.000Z',
      open: false,
      why: ['Christmas Eve'],
      changesAt: '2026-12-24T23:00:00.000Z',
      ...{ knownUntil: null, runsOut: false, source: null },
    })
    // The clock of the tests stands at 5 January, a day before a holiday of Bavaria alone.
    const now = await world.call('GET', '/api/v1/calendars/bavaria/state')
    expect(now.body).toMatchObject({ open: true, changesAt: '2026-01-05T23:00:00.000Z' })
  })

  it('are changed under If-Match', async () => {
    const world = openWorld()
    const body = { kind: 'ranges', ranges: [] }
    await put(world, 'c', body)
    const other = {
      kind: 'ranges',
      ranges: [{ start: '2026-02-01T00:00:00Z', end: '2026-02-02T00:00:00Z', name: 'stocktaking' }],
    }
    expect((await put(world, 'c', other, { 'if-match': '"7"' })).body.code).toBe('precondition-failed')
    expect((await put(world, 'c', other, { 'if-match': '"1"' })).status).toBe(200)
    expect((await state(world, 'c', '2026-02-01T12:00:00Z')).why).toEqual(['stocktaking'])
  })

  it('that nobody defined are not found', async () => {
    const world = openWorld()
    for (const path of ['', '/state']) {
      const reply = await world.call('GET', `/api/v1/calendars/none${path}`)
      expect([reply.status, reply.body.code]).toEqual([404, 'calendar-not-found'])
    }
  })

  it.each([
    [
      { kind: 'dates', timezone: 'Mars/Olympus', dates: [{ date: '02-30', name: '' }] },
      ['dates.0.date', 'dates.0.name', 'timezone'],
    ],
    [
      { kind: 'ranges', ranges: [{ start: '2026-01-02T00:00:00Z', end: '2026-01-01T00:00:00Z', name: 'x' }] },
      ['ranges.0.end'],
    ],
    [
      { kind: 'dates', timezone: 'BST', dates: [{ date: '24.12.2026', name: 'Eve' }] },
      ['dates.0.date', 'timezone'],
    ],
    [
      { kind: 'ranges', ranges: [{ start: '1.1.2026', end: '2026-01-02T00:00:00Z', name: 'x' }] },
      ['ranges.0.start'],
    ],
    [
      { kind: 'dates', timezone: 'UTC', dates: Array(400).fill({ date: '12-24', name: '冬'.repeat(128) }) },
      ['dates'],
    ],
    [{ kind: 'country', country: 'XX' }, ['country']],
    [{ kind: 'country', country: 'DE', state: 'ZZ' }, ['state']],
    [{ kind: 'country', country: 'DE', types: ['lunch'] }, ['types.0']],
    [{ kind: 'ical', icalendar: 'no calendar' }, ['icalendar']],
    [{ kind: 'ical', icalendar: file() }, ['icalendar']],
    [{ kind: 'ical', icalendar: file(), timezone: '+01:00' }, ['timezone']],
    [{ kind: 'tides' }, ['kind']],
  ])('%j is refused by its fields, and nothing is stored', async (body, fields) => {
    const world = openWorld()
    const reply = await put(world, 'c', body)
    expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
    expect(reply.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(fields)
    expect(world.log.records).toEqual([])
  })
})

describe('an uploaded iCalendar file', () => {
  it('takes whole days in the zone that is named beside it', async () => {
    const { reply } = await ical(
      event('UID:1', 'SUMMARY:Betriebsausflug', 'DTSTART;VALUE=DATE:20260610', 'DTEND;VALUE=DATE:20260612'),
    )
    expect(reply.body).toEqual({
      name: 'c',
      definition: {
        kind: 'ical',
        otherwise: 'open',
        ranges: [
          { start: '2026-06-09T22:00:00.000Z', end: '2026-06-11T22:00:00.000Z', name: 'Betriebsausflug' },
        ],
        knownUntil: null,
      },
      ...{ knownUntil: null, runsOut: false, source: null, windowsLost: { count: 0, profiles: [] } },
    })
  })

  it('reads times in UTC, in a zone by its name, and in none', async () => {
    const { reply } = await ical(
      event('UID:1', 'DTSTART:20260201T100000Z', 'DTEND:20260201T110000Z'),
      event(
        'UID:2',
        'DTSTART;TZID=America/New_York:20260301T100000',
        'DTEND;TZID=America/New_York:20260301T110000',
      ),
      event('UID:3', 'DTSTART:20260401T100000', 'DURATION:PT1H'),
    )
    expect(
      reply.body.definition.ranges.map(({ start, end }: { start: string; end: string }) => [start, end]),
    ).toEqual([
      ['2026-02-01T10:00:00.000Z', '2026-02-01T11:00:00.000Z'],
      ['2026-03-01T15:00:00.000Z', '2026-03-01T16:00:00.000Z'],
      ['2026-04-01T08:00:00.000Z', '2026-04-01T09:00:00.000Z'],
    ])
  })

  it('writes recurrences out on the clock of their zone, without exceptions and with moved ones', async () => {
    const zone = 'TZID=America/New_York'
    const { reply } = await ical(
      event(
        'UID:1',
        'SUMMARY:Close of month',
        `DTSTART;${zone}:20260228T220000`,
        'DURATION:PT4H',
        'RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4',
        `EXDATE;${zone}:20260430T220000`,
      ),
      event(
        'UID:1',
        `RECURRENCE-ID;${zone}:20260531T220000`,
        `DTSTART;${zone}:20260601T220000`,
        'DURATION:PT1H',
      ),
    )
    expect(
      reply.body.definition.ranges.map(({ start, end }: { start: string; end: string }) => [start, end]),
    ).toEqual([
      ['2026-03-01T03:00:00.000Z', '2026-03-01T07:00:00.000Z'],
      // Daylight saving time has begun: the same time on the clock is an hour earlier.
      ['2026-04-01T02:00:00.000Z', '2026-04-01T06:00:00.000Z'],
      ['2026-06-02T02:00:00.000Z', '2026-06-02T03:00:00.000Z'],
    ])
    expect(reply.body.knownUntil).toBeNull()
  })

  it('says until when an endless recurrence was written out', async () => {
    const yearly = event('UID:1', 'DTSTART;VALUE=DATE:20200501', 'RRULE:FREQ=YEARLY')
    const { reply, world, body } = await ical(yearly)
    expect(reply.body.definition.ranges).toHaveLength(10)
    expect(reply.body.knownUntil).toBe('2036-01-13T00:00:00.000Z')
    // Whoever sends it twice a day has changed nothing.
    world.pass(3600)
    const again = await put(world, 'c', body)
    expect([again.status, again.headers.etag]).toEqual([200, reply.headers.etag])
    expect(await state(world, 'c', '2030-05-01T00:00:00Z')).toMatchObject({
      open: false,
      knownUntil: reply.body.knownUntil,
    })
    const { reply: daily } = await ical(
      event('UID:1', 'DTSTART:20200501T000000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY'),
    )
    expect(daily.body.definition.ranges).toHaveLength(400)
    expect(daily.body.knownUntil).toBe('2027-02-08T00:00:00.000Z')
  })

  it('is not stopped by a rule that recurs every second, and leaves out what was cancelled', async () => {
    const world = openWorld()
    const every = event('UID:1', 'DTSTART:19700101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY')
    const reply = await put(world, 'c', { kind: 'ical', icalendar: file(every) })
    expect(reply.body.errors[0].expected).toContain('recur more than')
    const { reply: cancelled } = await ical(
      event('UID:1', 'STATUS:CANCELLED', 'DTSTART:20260201T100000Z', 'DURATION:PT1H'),
      event('UID:2', 'DTSTART:20260301T100000Z', 'DURATION:PT1H'),
    )
    expect(cancelled.body.definition.ranges).toHaveLength(1)
  })
})
