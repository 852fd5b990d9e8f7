import * as z from 'zod'
import { isTimeZone } from '../events/time-zones.ts'
import { holidayTypes, instant } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, words } from './fields.ts'

/** The name of a time zone in the IANA database. */
const zoneName = z.string().min(1).max(64).refine(isTimeZone, 'an IANA time zone, as America/New_York or UTC')

const byName = z.strictObject({ name: identifier })
const title = words(128)
const place = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,16}$/, 'a code, as US, BY or NY')
  .nullable()
  .default(null)

/** 29 February is a day, if not of every year. */
function isDay(text: string): boolean {
  const full = text.length === 5 ? `2024-${text}` : text
  const midnight = Date.parse(`${full}T00:00:00Z`)
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(full)
}

const date = z
  .string()
  .regex(
    /^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/,
    // Else the next check would be made of what has no form to be checked.
    { error: 'a day, as 2026-12-24, or 12-24 for every year', abort: true },
  )
  .refine(isDay, 'a day that there is')

const range = z
  .strictObject({ start: instant, end: instant, name: title })
  // What is no instant is refused for that, and not for its order.
  .refine(({ start, end }) => !(Date.parse(start) >= Date.parse(end)), {
    path: ['end'],
    message: 'an instant after start',
  })

const definition = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('dates'),
    timezone: zoneName,
    dates: z.array(z.strictObject({ date, name: title })).max(400),
  }),
  z.strictObject({ kind: z.literal('ranges'), ranges: z.array(range).max(200) }),
  z.strictObject({
    kind: z.literal('country'),
    country: z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166 country code, as US or DE'),
    state: place,
    region: place,
    timezone: zoneName.nullable().default(null),
    types: z.array(z.enum(holidayTypes)).min(1).max(5).default(['public']),
  }),
  z.strictObject({
    kind: z.literal('ical'),
    icalendar: z.string().min(1).max(250_000),
    timezone: zoneName
      .default('UTC')
      .meta({ description: 'Where whole days, and times without a zone, are.' }),
  }),
])
export type CalendarRequest = z.output<typeof definition>

const standing = {
  knownUntil: z.string().nullable().meta({
    description:
      'What recurs is written out until then; from then on the calendar is closed. Null: it is known for ever.',
  }),
  runsOut: z.boolean().meta({
    description:
      'Within a month it is closed for good, as it is known no longer or has no more events to be open in: define it anew.',
  }),
  source: z
    .object({ name: z.string(), version: z.string() })
    .nullable()
    .meta({ description: 'Where the holidays of a country come from; null for other kinds.' }),
}

const calendar = z.object({
  name: z.string(),
  definition: z.looseObject({ kind: z.string() }),
  ...standing,
})

const windowsLost = z
  .object({
    count: z.int(),
    profiles: z.array(
      z.object({ id: z.string(), name: z.string(), count: z.int(), openings: z.array(z.string()) }),
    ),
  })
  .meta({
    description:
      'Openings of the next 90 days that were open before and are closed now, of the profiles in service that name the calendar: at most 100 are named, and 10,000 of a profile counted.',
  })
const changed = calendar.extend({ windowsLost })

export const calendarContracts = {
  defineCalendar: {
    summary: 'Define a calendar of days on which nothing is upgraded, or define it anew',
    params: byName,
    query: noQuery,
    body: definition,
    answers: {
      200: { description: 'The calendar as it is now.', schema: changed },
      201: { description: 'The calendar is defined.', schema: changed },
    },
  },
  deleteCalendar: {
    summary: 'Delete a calendar that no active profile and no policy names',
    params: byName,
    query: noQuery,
    answers: {
      200: {
        description: 'Deleted: it closes nothing any more.',
        schema: z.object({ name: z.string(), status: z.literal('deleted'), windowsLost }),
      },
    },
    problems: ['calendar-not-found', 'calendar-in-use', 'conflict'],
  },
  listCalendars: {
    summary: 'List calendars by name',
    query: z.strictObject(paging),
    answers: {
      200: {
        description: 'One page.',
        schema: listOf(
          'calendars',
          z.object({
            name: z.string(),
            kind: z.string(),
            entries: z.int(),
            knownUntil: standing.knownUntil,
            updatedAt: z.string(),
          }),
        ),
      },
    },
  },
  getCalendar: {
    summary: 'Read a calendar',
    tagged: true,
    params: byName,
    query: noQuery,
    answers: { 200: { description: 'The calendar.', schema: calendar } },
    problems: ['calendar-not-found'],
  },
  getCalendarState: {
    summary: 'Say whether a calendar is open at an instant, why, and when that changes next',
    tagged: true,
    params: byName,
    query: z.strictObject({ at: instant.optional() }),
    answers: {
      200: {
        description: 'By the calendar as it is defined now.',
        schema: z.object({
          name: z.string(),
          at: z.string(),
          open: z.boolean(),
          why: z.array(z.string()),
          changesAt: z.string().nullable(),
          ...standing,
        }),
      },
    },
    problems: ['calendar-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
