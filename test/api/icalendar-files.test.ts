import { describe, expect, it } from 'vitest'
import { expandIcalendar } from '../../functions/api/calendars/icalendar/expand.ts'
import { NotACalendar } from '../../functions/api/calendars/icalendar/refusal.ts'
import { files, randomBy, spoiled } from './icalendar-files.ts'
import { openWorld } from './world.ts'

const now = Date.parse('2026-01-05T10:00:00.000Z')
const count = Number(process.env.CALENDAR_FILES ?? 400)
const seed = Number(process.env.CALENDAR_SEED ?? 20_260_105)

const file = (...lines: string[]) => ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR'].join('\r\n')
const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n')
/** The longest file that is taken. */
const longest = 250_000
/** As many of something as a file holds. */
const many = (one: (place: number) => string) => {
  const parts: string[] = []
  for (let length = 100; length < longest - 1000; length += (parts.at(-1)?.length ?? 0) + 2)
    parts.push(one(parts.length))
  return file(...parts)
}
const dateAt = (place: number) =>
  new Date(Date.UTC(2000, 0, 1 + place)).toISOString().slice(0, 10).replaceAll('-', '')
const listed = (name: string) => {
  const times = Array.from({ length: 15_000 }, (_, place) => `${dateAt(place)}T020000`)
  const start = ['DTSTART;TZID=America/New_York:20260101T020000', 'DURATION:P1D']
  return file(event(...start, `${name};TZID=America/New_York:${times.join(',')}`))
}
const zones = Intl.supportedValuesOf('timeZone')
const zoneAt = (place: number) => zones[place % zones.length]
const everySecond = ['DTSTART:20260101T000000Z', 'DURATION:PT1S']

/** What takes long to read, each by another part of the reader. */
const heavy: Readonly<Record<string, string>> = {
  'a day that never comes': file(event(...everySecond, 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30')),
  'seconds from 1970 on': file(event('DTSTART:19700101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY')),
  'a million seconds': file(
    event('DTSTART:19700101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY;COUNT=1000000'),
  ),
  'days from 1900 on': file(event('DTSTART:19000101', 'RRULE:FREQ=DAILY;COUNT=1000000')),
  'thousands of daily events': many(() => event('DTSTART:20260101', 'RRULE:FREQ=DAILY')),
  'thousands of weekly events in all zones': many((place) =>
    event(`DTSTART;TZID=${zoneAt(place)}:20260105T020000`, 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'),
  ),
  'thousands of days by their number': many(() =>
    event('DTSTART:20260101', 'RRULE:FREQ=YEARLY;BYYEARDAY=1,-1'),
  ),
  'thousands of events of every second': many(() => event(...everySecond, 'RRULE:FREQ=SECONDLY')),
  'seconds that are rare': many(() =>
    event(...everySecond, 'RRULE:FREQ=SECONDLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=0;BYSECOND=0'),
  ),
  'the first and last of large sets': many(() =>
    event(
      ...everySecond,
      'RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3;BYMINUTE=0,1,2;BYSETPOS=1,-1',
    ),
  ),
  'thousands of exceptions': listed('EXDATE'),
  'thousands of added times': listed('RDATE'),
  'a zone that changes daily since 1601': file(
    ...['BEGIN:VTIMEZONE', 'TZID:X', 'BEGIN:STANDARD', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200'],
    ...['DTSTART:16010101T000000', 'RRULE:FREQ=DAILY', 'END:STANDARD', 'END:VTIMEZONE'],
    event('DTSTART;TZID=X:20260101T000000', 'DURATION:PT1H'),
  ),
  'thousands of zones': many((place) =>
    [
      ...['BEGIN:VTIMEZONE', `TZID:X${place}`, 'BEGIN:STANDARD', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200'],
      ...['DTSTART:16010101T000000', 'RRULE:FREQ=YEARLY', 'END:STANDARD', 'END:VTIMEZONE'],
      event(`DTSTART;TZID=X${place}:20260101T000000`, 'DURATION:PT1H'),
    ].join('\r\n'),
  ),
  'nothing but beginnings': `BEGIN:VCALENDAR\r\n${'BEGIN:A\r\n'.repeat(27_000)}`,
  'nothing but folds': file(`A:${'x\r\n '.repeat(60_000)}`),
  'nothing but parameters': file(`A${';B="c"'.repeat(40_000)}:x`),
}

function read(text: string): unknown {
  try {
    return expandIcalendar(text, 'Europe/Berlin', now)
  } catch (error) {
    if (error instanceof NotACalendar) return error
    throw error
  }
}

/** Milliseconds of a processor that something takes, at best of a few tries: others may use the machine meanwhile. */
function effort(work: () => unknown): number {
  const tries = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...tries)
}

/** A piece of work that takes a processor of today 25 ms or more: to sort so many numbers by chance. */
function measure(): number {
  const random = randomBy(1)
  const numbers = Array.from({ length: 100_000 }, random)
  return effort(() => numbers.toSorted((left, right) => left - right))
}

describe('a file of any kind', () => {
  it('that is spoiled is taken or refused, and asked afterwards', async () => {
    const random = randomBy(seed)
    const statuses = { 200: 0, 201: 0, 400: 0 }
    for (let done = 0; done < count; ) {
      const world = openWorld()
      // A stream of hundreds of definitions is another test.
      for (let place = 0; place < 100 && done < count; place++, done++) {
        const icalendar = spoiled(random)
        const body = { kind: 'ical', timezone: 'Europe/Berlin', icalendar }
        const { status } = await world.call('PUT', `/api/v1/calendars/c${place}`, { body, early: true })
        if (status !== 201 && status !== 400) throw new Error(`${status}: ${JSON.stringify(icalendar)}`)
        statuses[status] += 1
        if (status === 400) continue
        const state = await world.call('GET', `/api/v1/calendars/c${place}/state`, { early: true })
        expect([state.status, typeof state.body.open]).toEqual([200, 'boolean'])
      }
    }
    // Both happen often, or nothing was tried.
    expect(statuses[201]).toBeGreaterThan(count / 10)
    expect(statuses[400]).toBeGreaterThan(count / 10)
  }, 1_800_000)

  it('is taken as it was before it was spoiled', () => {
    for (const text of files) expect(read(text)).toMatchObject({ ranges: expect.anything() })
  })

  it.each(Object.entries(heavy))('is read in a quarter of a second: %s', (_, text) => {
    expect(text.length).toBeLessThan(longest)
    // 250 ms where the piece of work takes 25.
    expect(effort(() => read(text)) / measure()).toBeLessThan(10)
  })
})
