import * as z from 'zod'
import { holidayTypes, instant, isTimeZone } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, words } from './fields.ts'

/** The name of a time zone in the IANA database. */
const zoneName = z.string().min(1).max(64).refine(isTimeZone, 'an IANA time zone, as America/New_York')

const byName = z.strictObject({ name: identifier })
const title = words(128)
const place = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,16}$/, 'a code, as US, BY or NY')
  .nullable()
  .default(null)

const date = z
  .string()
  .regex(
    /^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/,
    'a day, as 2026-12-24, or 12-24 for every year',
  )
  .refine((text) => {
    // 29 February is a day, if not of every year.
    const full = text.length === 5 ? `2024-${text}` : text
    return new Date(`${full}T00:00:00Z`).toISOString().startsWith(full)
  }, 'a day that there is')

const range = z
  .strictObject({ start: instant, end: instant, name: title })
  .refine(({ start, end }) => Date.parse(start) < Date.parse(end), {
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

const calendar = z.object({
  name: z.string(),
  definition: z.looseObject({ kind: z.string() }),
  /** From then on more may recur than was written out. */
  knownUntil: z.string().nullable(),
})

export const calendarContracts = {
  defineCalendar: {
    summary: 'Define a calendar of days on which nothing is upgraded, or define it anew',
    params: byName,
    query: noQuery,
    body: definition,
    answers: {
      200: { description: 'The calendar as it is now.', schema: calendar },
      201: { description: 'The calendar is defined.', schema: calendar },
    },
  },
  deleteCalendar: {
    summary: 'Delete a calendar that no active profile names',
    params: byName,
    query: noQuery,
    answers: {
      200: {
        description: 'Deleted: it closes nothing any more.',
        schema: z.object({ name: z.string(), status: z.literal('deleted') }),
      },
    },
    problems: ['calendar-not-found', 'conflict'],
  },
  listCalendars: {
    summary: 'List calendars by name',
    query: z.strictObject(paging),
    answers: {
      200: {
        description: 'One page.',
        schema: listOf(
          'calendars',
          z.object({ name: z.string(), kind: z.string(), entries: z.int(), updatedAt: z.string() }),
        ),
      },
    },
  },
  getCalendar: {
    summary: 'Read a calendar',
    params: byName,
    query: noQuery,
    answers: { 200: { description: 'The calendar.', schema: calendar } },
    problems: ['calendar-not-found'],
  },
  getCalendarState: {
    summary: 'Say whether a calendar is open at an instant, why, and when that changes next',
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
          knownUntil: z.string().nullable(),
        }),
      },
    },
    problems: ['calendar-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
