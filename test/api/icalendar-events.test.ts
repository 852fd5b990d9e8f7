import { describe, expect, it } from 'vitest'
import { openWorld } from './world.ts'

const event = (...lines: string[]) => ['BEGIN:VEVENT', 'UID:1', ...lines, 'END:VEVENT']
const calendarOf = (...parts: (string | readonly string[])[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test', ...parts.flat(), 'END:VCALENDAR'].join('\r\n')

async function uploaded(icalendar: string, timezone = 'Europe/Berlin') {
  const world = openWorld()
  const body = { kind: 'ical', timezone, icalendar }
  return { world, reply: await world.call('PUT', '/api/v1/calendars/c', { body }) }
}

/** What a file closes, as pairs of instants without their milliseconds. */
async function closed(...parts: (string | readonly string[])[]): Promise<string[]> {
  const { reply } = await uploaded(calendarOf(...parts))
  expect([reply.body.errors?.[0]?.expected, reply.status]).toEqual([undefined, 201])
  return reply.body.definition.ranges.map(
    ({ start, end }: { start: string; end: string }) => `${start.slice(0, 16)} ${end.slice(0, 16)}`,
  )
}

/** Why a file is refused. */
async function refused(icalendar: string): Promise<string> {
  const { world, reply } = await uploaded(icalendar)
  expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, 'icalendar'])
  expect(world.log.records).toEqual([])
  return reply.body.errors[0].expected
}

const newYork = 'TZID=America/New_York'

describe('an uploaded file', () => {
  it.each([
    ['a day that comes never', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'],
    ['a minute of such a day', 'FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30'],
    ['30 February of each year', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'],
    ['the sixth Monday of a month', 'FREQ=MONTHLY;BYDAY=6MO'],
    ['the 366th day in January', 'FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1'],
  ])('is answered at once that recurs on %s, and refused in words', async (_, rule) => {
    const text = calendarOf(event('DTSTART:20260101T000000Z', 'DURATION:PT1S', `RRULE:${rule}`))
    expect(await refused(text)).toContain('names nothing in the ten years from DTSTART on')
  })

  it('may recur after a thousand million years', async () => {
    const recurring = event(
      'DTSTART:20260201T000000Z',
      'DURATION:PT1S',
      'RRULE:FREQ=YEARLY;INTERVAL=999999999',
    )
    expect(await closed(recurring)).toEqual(['2026-02-01T00:00 2026-02-01T00:00'])
  })

  it('may hold two calendars, begin with a byte order mark, and end its lines in three ways', async () => {
    const one = calendarOf(event('DTSTART:20260201T100000Z', 'DURATION:PT1H'))
    const other = calendarOf(event('DTSTART:20260301T100000Z', 'DURATION:PT1H'))
    const { reply } = await uploaded(`\uFEFF${one}\n${other.replaceAll('\r\n', '\r')}\n\n`)
    expect(reply.body.definition.ranges).toHaveLength(2)
  })

  it('may say a day without saying VALUE=DATE', async () => {
    expect(await closed(event('DTSTART:20270701'))).toEqual(['2027-06-30T22:00 2027-07-01T22:00'])
  })

  it('may add days and periods with ends of their own', async () => {
    const periods = 'RDATE;VALUE=PERIOD:20260203T100000Z/20260203T113000Z,20260204T100000Z/PT2H'
    expect(await closed(event('DTSTART:20260201T100000Z', 'DURATION:PT1H', periods))).toEqual([
      '2026-02-01T10:00 2026-02-01T11:00',
      '2026-02-03T10:00 2026-02-03T11:30',
      '2026-02-04T10:00 2026-02-04T12:00',
    ])
    const days = event('DTSTART;VALUE=DATE:20260201', 'RDATE;VALUE=DATE:20260203,20260205')
    expect((await closed(days)).map((pair) => pair.slice(0, 10))).toEqual([
      '2026-01-31',
      '2026-02-02',
      '2026-02-04',
    ])
  })

  it('has names as they were meant, and never too long for the log', async () => {
    const long = 'Ä'.repeat(200)
    const { reply } = await uploaded(
      calendarOf(
        ['BEGIN:VEVENT', 'SUMMARY:Closed\\, by \\"all\\"', ' \\nof us', 'DTSTART:20260201', 'END:VEVENT'],
        Array.from({ length: 500 }, (_, day) => {
          const date = new Date(Date.UTC(2026, 1, 2 + day)).toISOString().slice(0, 10).replaceAll('-', '')
          return ['BEGIN:VEVENT', `SUMMARY:${long}`, `DTSTART:${date}`, 'END:VEVENT']
        }).flat(),
      ),
    )
    expect(reply.status).toBe(201)
    const [first, second] = reply.body.definition.ranges
    expect(first.name).toBe('Closed, by \\"all\\" of us')
    expect(second.name).toBe('Ä'.repeat(32))
    // The 401st has no room: from there on nothing is known.
    expect(reply.body.knownUntil).toBe('2027-03-07T23:00:00.000Z')
  })
})

describe('recurring times', () => {
  it('end with UNTIL in UTC, whatever the zone of the start', async () => {
    const until = event(
      `DTSTART;${newYork}:20260106T220000`,
      'DURATION:PT1H',
      // 22:00 in New York on the 8th is 03:00 on the 9th.
      'RRULE:FREQ=DAILY;UNTIL=20260109T030000Z',
    )
    expect((await closed(until)).map((pair) => pair.slice(0, 16))).toEqual([
      '2026-01-07T03:00',
      '2026-01-08T03:00',
      '2026-01-09T03:00',
    ])
  })

  it('leave out, add and move what is named in another zone than their start', async () => {
    const master = event(
      `DTSTART;${newYork}:20260302T220000`,
      'DURATION:PT1H',
      'RRULE:FREQ=DAILY;COUNT=4',
      'EXDATE:20260304T030000Z',
      'RDATE;TZID=Asia/Tokyo:20260310T090000',
    )
    const moved = event('RECURRENCE-ID:20260306T030000Z', 'DTSTART:20260306T120000Z', 'DURATION:PT1H')
    expect((await closed(master, moved)).map((pair) => pair.slice(0, 16))).toEqual([
      '2026-03-03T03:00',
      '2026-03-05T03:00',
      '2026-03-06T12:00',
      '2026-03-10T00:00',
    ])
  })

  it('leave out what is cancelled: an occurrence, or all of them', async () => {
    const master = event('DTSTART:20260302T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3')
    const one = event('RECURRENCE-ID:20260303T100000Z', 'STATUS:CANCELLED', 'DTSTART:20260303T100000Z')
    expect(await closed(master, one)).toHaveLength(2)
    expect(await closed(event('STATUS:CANCELLED', 'DTSTART:20260302T100000Z', 'RRULE:FREQ=DAILY'))).toEqual(
      [],
    )
  })

  it('close although nobody is busy then, as holidays are written', async () => {
    expect(await closed(event('TRANSP:TRANSPARENT', 'DTSTART;VALUE=DATE:20260302'))).toHaveLength(1)
  })

  it('are read in a gap of the clocks with the offset before it, and the first time where they come twice', async () => {
    const nightly = event(`DTSTART;${newYork}:20260307T023000`, 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3')
    expect((await closed(nightly)).map((pair) => pair.slice(0, 16))).toEqual([
      '2026-03-07T07:30',
      '2026-03-08T07:30',
      '2026-03-09T06:30',
    ])
    expect(await closed(event(`DTSTART;${newYork}:20261101T013000`, 'DURATION:PT1H'))).toEqual([
      '2026-11-01T05:30 2026-11-01T06:30',
    ])
  })
})

describe('lengths', () => {
  // Clocks of New York go forward at 2:00 on 8 March 2026: that day has 23 hours.
  it('are calendar days first and elapsed time then, where they are said as a duration', async () => {
    const start = `DTSTART;${newYork}:20260307T120000`
    expect(await closed(event(start, 'DURATION:P1D'))).toEqual(['2026-03-07T17:00 2026-03-08T16:00'])
    expect(await closed(event(start, 'DURATION:PT24H'))).toEqual(['2026-03-07T17:00 2026-03-08T17:00'])
    expect(await closed(event(start, 'DURATION:P1DT2H'))).toEqual(['2026-03-07T17:00 2026-03-08T18:00'])
    expect(await closed(event(start, 'DURATION:P1W'))).toEqual(['2026-03-07T17:00 2026-03-14T16:00'])
  })

  it('are the same exact time for each occurrence, where an end is said', async () => {
    const event24 = event(
      `DTSTART;${newYork}:20260306T120000`,
      `DTEND;${newYork}:20260307T120000`,
      'RRULE:FREQ=DAILY;COUNT=2',
    )
    expect(await closed(event24)).toEqual([
      '2026-03-06T17:00 2026-03-07T17:00',
      '2026-03-07T17:00 2026-03-08T17:00',
    ])
  })

  it('reach to an end in a zone of its own', async () => {
    const flight = event(`DTSTART;${newYork}:20260302T180000`, 'DTEND;TZID=Europe/Berlin:20260303T073000')
    expect(await closed(flight)).toEqual(['2026-03-02T23:00 2026-03-03T06:30'])
  })

  it('of days that clocks change are 23 and 25 hours', async () => {
    const days = event('DTSTART;VALUE=DATE:20260329', 'RDATE;VALUE=DATE:20261025')
    expect(await closed(days)).toEqual([
      '2026-03-28T23:00 2026-03-29T22:00',
      '2026-10-24T22:00 2026-10-25T23:00',
    ])
  })
})

describe('the zones of a file', () => {
  const zone = (tzid: string, ...parts: string[]) => [
    'BEGIN:VTIMEZONE',
    `TZID:${tzid}`,
    ...parts,
    'END:VTIMEZONE',
  ]
  const observance = (name: string, from: string, to: string, ...parts: string[]) => [
    ...[`BEGIN:${name}`, `TZOFFSETFROM:${from}`, `TZOFFSETTO:${to}`, ...parts],
    `END:${name}`,
  ]
  /** As Outlook writes it: from 1601 on, and its start is no day that its rule names. */
  const eastern = (tzid: string) =>
    zone(
      tzid,
      ...observance(
        'STANDARD',
        '-0400',
        '-0500',
        'DTSTART:16010101T020000',
        'RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11',
      ),
      ...observance(
        'DAYLIGHT',
        '-0500',
        '-0400',
        'DTSTART:16010101T020000',
        'RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3',
      ),
    )

  it('that it defines itself come first, with their gaps and what comes twice', async () => {
    const at = (time: string) => event(`DTSTART;TZID=Ours:${time}`, 'DURATION:PT1H')
    const starts = await closed(
      eastern('Ours'),
      ...['20260307T023000', '20260308T023000', '20260701T120000', '20261101T013000', '20261101T023000'].map(
        at,
      ),
    )
    expect(starts.map((pair) => pair.slice(0, 16))).toEqual([
      '2026-03-07T07:30',
      '2026-03-08T07:30',
      '2026-07-01T16:00',
      '2026-11-01T05:30',
      '2026-11-01T07:30',
    ])
  })

  it('are its own, although the name is one of the IANA database', async () => {
    const strange = zone(
      'Europe/Berlin',
      ...observance('STANDARD', '+0900', '+0900', 'DTSTART:19700101T000000'),
    )
    const meeting = event('DTSTART;TZID=Europe/Berlin:20260302T090000', 'DURATION:PT1H')
    expect(await closed(strange, meeting)).toEqual(['2026-03-02T00:00 2026-03-02T01:00'])
    expect(await closed(meeting)).toEqual(['2026-03-02T08:00 2026-03-02T09:00'])
  })

  it('may be named as Windows names them', async () => {
    const meeting = event('DTSTART;TZID="Eastern Standard Time":20260302T090000', 'DURATION:PT1H')
    expect(await closed(meeting)).toEqual(['2026-03-02T14:00 2026-03-02T15:00'])
  })

  it.each(['Mars/Base', 'BST', 'EST', 'constructor', '(UTC+01:00) Amsterdam'])(
    'are refused when nobody knows them: %s',
    async (name) => {
      const text = calendarOf(event(`DTSTART;TZID="${name}":20260302T090000`, 'DURATION:PT1H'))
      expect(await refused(text)).toContain(`DTSTART in line 6 names the zone “${name}”`)
    },
  )
})

describe('a calendar of AWS Systems Manager that is closed by default', () => {
  it('is open inside of its events alone, and its profiles run then', async () => {
    const { world, reply } = await uploaded(
      calendarOf(
        'X-CALENDAR-TYPE:DEFAULT_CLOSED',
        event('DTSTART:20260111T000000Z', 'DTEND:20260112T000000Z'),
      ),
    )
    expect(reply.body.definition.otherwise).toBe('closed')
    const at = async (instant: string) =>
      (await world.call('GET', '/api/v1/calendars/c/state', { query: { at: instant } })).body
    expect(await at('2026-01-10T12:00:00Z')).toMatchObject({
      open: false,
      why: ['closed outside of its events'],
      changesAt: '2026-01-11T00:00:00.000Z',
    })
    expect(await at('2026-01-11T12:00:00Z')).toMatchObject({
      open: true,
      changesAt: '2026-01-12T00:00:00.000Z',
    })
    expect(await at('2027-01-11T12:00:00Z')).toMatchObject({ open: false, changesAt: null })
    const { body } = await world.call('POST', '/api/v1/upgrade-profiles', {
      body: {
        name: 'daily',
        schedule: {
          ...{ cron_expression: '0 2 * * *', timezone: 'UTC', maintenance_window_hours: 2 },
          calendars: ['c'],
        },
        upgrade_settings: {
          ...{ target_version: 'latest', pre_upgrade_checks: true },
          ...{ rollback_on_failure: true, parallel_upgrades: 1 },
        },
        resource_filters: { resource_types: ['customer'] },
      },
    })
    expect(body.validation_results.cron_next_runs).toEqual(['2026-01-11T02:00:00.000Z'])
  })

  it('says so in one of two ways, and the same in each calendar of a file', async () => {
    const typed = (type: string) =>
      calendarOf(`X-CALENDAR-TYPE:${type}`, event('DTSTART:20260111T000000Z', 'DURATION:PT1H'))
    expect(await refused(typed('CLOSED'))).toContain('DEFAULT_OPEN or DEFAULT_CLOSED')
    const both = `${typed('DEFAULT_OPEN')}\r\n${typed('DEFAULT_CLOSED')}`
    expect(await refused(both)).toContain('two kinds')
  })
})

const daily = 'RRULE:FREQ=DAILY;COUNT=2'
const timed = ['DTSTART:20260302T100000Z', 'DURATION:PT1H']

describe('what is not right is refused by its name', () => {
  it.each([
    ['an end before the start', 'DTEND in line 7', ['DTSTART:20260302T100000Z', 'DTEND:20260302T090000Z']],
    ['an end at the start', 'DTEND in line 7', ['DTSTART:20260302T100000Z', 'DTEND:20260302T100000Z']],
    [
      'a day without length',
      'the day after the last',
      ['DTSTART;VALUE=DATE:20260302', 'DTEND;VALUE=DATE:20260302'],
    ],
    ['a time without length', 'would close nothing', ['DTSTART:20260302T100000Z']],
    ['no length', 'DURATION in line 7', ['DTSTART:20260302T100000Z', 'DURATION:PT0S']],
    ['a length below nothing', 'DURATION in line 7', ['DTSTART:20260302T100000Z', 'DURATION:-PT1H']],
    ['a length and an end', 'beside DTEND', [...timed, 'DTEND:20260302T110000Z']],
    ['hours of a day', 'whole days', ['DTSTART;VALUE=DATE:20260302', 'DURATION:PT1H']],
    ['an end in another form', 'DTEND in line 7', ['DTSTART:20260302T100000Z', 'DTEND:20260302T110000']],
    ['a day that is not', '20260231', ['DTSTART:20260231T100000Z', 'DURATION:PT1H']],
    ['a year before zones', '1900', ['DTSTART;VALUE=DATE:00261218']],
    ['a date in words', '24.12.2026', ['DTSTART:24.12.2026', 'DURATION:PT1H']],
    ['a start twice', 'DTSTART stands twice', [...timed, 'DTSTART:20260303T100000Z']],
    ['no start', 'no DTSTART', ['DURATION:PT1H']],
    ['a period as start', 'DTSTART in line 6', ['DTSTART;VALUE=PERIOD:20260302T100000Z/PT1H']],
    ['an interval of nothing', 'INTERVAL', [...timed, 'RRULE:FREQ=DAILY;INTERVAL=0']],
    ['a count of nothing', 'COUNT', [...timed, 'RRULE:FREQ=DAILY;COUNT=0']],
    ['a rule that is none', 'FREQ', [...timed, 'RRULE:FREQ=SOMETIMES']],
    ['an unknown part', 'BYMOON', [...timed, 'RRULE:FREQ=DAILY;BYMOON=1']],
    ['a part twice', 'COUNT twice', [...timed, 'RRULE:FREQ=DAILY;COUNT=1;COUNT=2']],
    ['two ends of a rule', 'COUNT and UNTIL', [...timed, 'RRULE:FREQ=DAILY;COUNT=1;UNTIL=20260401T000000Z']],
    ['two rules', 'RRULE stands twice', [...timed, daily, daily]],
    ['an exception rule', 'EXRULE', [...timed, daily, 'EXRULE:FREQ=DAILY;INTERVAL=2']],
    ['a start that its rule does not name', '20260306T100000', [...timed, 'RRULE:FREQ=WEEKLY;BYDAY=FR']],
    ['UNTIL of another form', 'UNTIL', [...timed, 'RRULE:FREQ=DAILY;UNTIL=20260401']],
    ['UNTIL that is not', 'UNTIL', [...timed, 'RRULE:FREQ=DAILY;UNTIL=20260431T000000Z']],
    ['an exception of another form', 'EXDATE in line 9', [...timed, daily, 'EXDATE;VALUE=DATE:20260303']],
    ['an added day of another form', 'RDATE in line 9', [...timed, daily, 'RDATE:20260305T100000']],
    ['a period that ends first', 'RDATE', [...timed, 'RDATE;VALUE=PERIOD:20260305T100000Z/20260305T090000Z']],
    ['hours of whole days', 'FREQ=HOURLY', ['DTSTART;VALUE=DATE:20260302', 'RRULE:FREQ=HOURLY']],
    ['another calendar', 'RSCALE', [...timed, 'RRULE:FREQ=YEARLY;RSCALE=CHINESE']],
    ['a moved range', 'RANGE', [...timed, 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T100000Z']],
    ['the end of time', 'after the year 9999', ['DTSTART:20260302T000000Z', 'DURATION:P9999999D']],
  ])('%s', async (_, named, lines) => {
    expect(await refused(calendarOf(event(...lines)))).toContain(named)
  })

  it.each([
    ['a message that cancels', 'METHOD', calendarOf('METHOD:CANCEL', event(...timed))],
    ['a message that answers', 'METHOD', calendarOf('METHOD:REPLY', event(...timed))],
    ['no event', 'no VEVENT', calendarOf()],
    ['no calendar', 'line 1', 'no calendar'],
    ['half a calendar', 'has no END', calendarOf(event(...timed)).slice(0, -15)],
    ['ends that cross', 'END', calendarOf('BEGIN:VEVENT', 'END:VALARM')],
    ['a line without a colon', 'line 4', calendarOf('DESCRIPTION')],
    ['an open quotation', 'line 4', calendarOf('X;A="b:c')],
    [
      'two events of one UID, one of them moved',
      'two events of one UID',
      calendarOf(event(...timed), event(...timed), event('RECURRENCE-ID:20260302T100000Z', ...timed)),
    ],
    [
      'an occurrence that is moved twice',
      'RECURRENCE-ID of another one',
      calendarOf(
        event(...timed, daily),
        event('RECURRENCE-ID:20260302T100000Z', ...timed),
        event('RECURRENCE-ID:20260302T100000Z', ...timed),
      ),
    ],
    [
      'a zone without rules',
      'no STANDARD or DAYLIGHT',
      calendarOf(
        ['BEGIN:VTIMEZONE', 'TZID:X', 'END:VTIMEZONE'],
        event('DTSTART;TZID=X:20260302T100000', 'DURATION:PT1H'),
      ),
    ],
  ])('%s', async (_, named, text) => {
    expect(await refused(text)).toContain(named)
  })
})
