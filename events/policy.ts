import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { holidayTypes, instant, name } from './words.ts'

/** A time in which nothing is upgraded, half-open: `[start, end)`. */
const range = z.object({ start: instant, end: instant, name })

/** When a calendar is closed, with every default filled in. */
export const calendarDefinition = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('dates'),
    /** A day lasts from midnight to midnight here. */
    timezone: name,
    /** `2026-12-24` once, `12-24` every year. */
    dates: z.array(z.object({ date: z.string().regex(/^(\d{4}-)?\d{2}-\d{2}$/), name })),
  }),
  z.object({ kind: z.literal('ranges'), ranges: z.array(range) }),
  z.object({
    kind: z.literal('country'),
    country: name,
    state: name.nullable(),
    region: name.nullable(),
    /** Null: the country's own. */
    timezone: name.nullable(),
    types: z.array(z.enum(holidayTypes)).min(1),
    /** Where its days come from. */
    source: z.object({ name, version: name }),
    /** What the country's rules come to: they are written out when the calendar is defined. */
    ranges: z.array(range),
    /** From then on nothing was written out. */
    knownUntil: instant,
  }),
  z.object({
    kind: z.literal('ical'),
    /** What the calendar is where no event is. */
    otherwise: z.enum(['open', 'closed']),
    /** What the uploaded events come to: recurrences are written out. */
    ranges: z.array(range),
    /** Events that recur without end are written out until then; null: nothing was cut off. */
    knownUntil: instant.nullable(),
  }),
])
export type CalendarDefinition = z.output<typeof calendarDefinition>

export const policyEvents = defineEvents({
  /** One stop of everything; others may be in force beside it. */
  FreezePlaced: { schema: z.object({ stop: name, reason: z.string().min(1).max(512) }) },
  FreezeLifted: { schema: z.object({ stop: name, reason: z.string().min(1).max(512) }) },
  /** What the deployment says of releases that nobody has signed. */
  UnsignedReleasesJudged: { schema: z.object({ allowed: z.boolean() }) },
  /** A named calendar, in a stream of its own; a later definition takes the place of the one before. */
  CalendarDefined: { schema: z.object({ definition: calendarDefinition }) },
  /** It closes nothing any more; it may be defined again. */
  CalendarDeleted: { schema: z.object({}) },
})

export type PolicyEvent = EventsOf<typeof policyEvents>
