import type { CalendarRequest, calendarContracts } from '../../../contracts/calendars.ts'
import type { FieldError } from '../../../contracts/problem-document.ts'
import type { CalendarDefinition } from '../../../events/policy.ts'
import { instantOf } from '../../../events/time.ts'
import { calendarState } from '../../domain/policy/calendar.ts'
import { unknownPlaces } from '../../domain/policy/holidays.ts'
import {
  calendarPolicy,
  defineCalendar as define,
  policyAggregate,
  deleteCalendar as remove,
} from '../../domain/policy/policy.ts'
import type { Log } from '../../log/log.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { Problem } from '../http/problem.ts'
import { expandIcalendar } from './icalendar/expand.ts'
import { NotACalendar } from './icalendar/refusal.ts'

type Contracts = typeof calendarContracts

function invalid(errors: readonly FieldError[]): Problem {
  const detail = `${errors.length} invalid ${errors.length === 1 ? 'field' : 'fields'}: see errors.`
  return new Problem('validation-failed', detail, { errors })
}

function definitionFrom(request: CalendarRequest, now: number): CalendarDefinition {
  switch (request.kind) {
    case 'dates':
      return request
    case 'ranges': {
      const ranges = request.ranges.map(({ start, end, name }) => ({
        start: instantOf(start),
        end: instantOf(end),
        name,
      }))
      return { kind: 'ranges', ranges }
    }
    case 'country': {
      const unknown = unknownPlaces(request)
      if (unknown.length > 0) throw invalid(unknown)
      return { ...request, types: [...new Set(request.types)].sort() }
    }
    case 'ical':
      try {
        const { ranges, knownUntil } = expandIcalendar(request.icalendar, request.timezone, now)
        return { kind: 'ical', ranges: [...ranges], knownUntil }
      } catch (error) {
        if (!(error instanceof NotACalendar)) throw error
        const expected = `an iCalendar file with events (RFC 5545): ${error.message.slice(0, 200)}`
        throw invalid([{ field: 'icalendar', value: null, expected }])
      }
  }
}

function bodyOf(name: string, definition: CalendarDefinition) {
  return { name, definition, knownUntil: definition.kind === 'ical' ? definition.knownUntil : null }
}

async function definitionOf(
  log: Log,
  name: string,
): Promise<{ readonly definition: CalendarDefinition; readonly commit: number }> {
  const { state, commit } = await log.load(policyAggregate, calendarPolicy(name))
  if (!state.calendar) {
    throw new Problem('calendar-not-found', 'There is no such calendar. PUT it under this name to define it.')
  }
  return { definition: state.calendar, commit }
}

/** Defines a calendar under its name; the same definition again changes nothing. */
export const defineCalendar: Operate<Contracts['defineCalendar']> = async (input, { log, now }) => {
  const { name } = input.params
  const definition = definitionFrom(input.body, now())
  const known = (await log.load(policyAggregate, calendarPolicy(name))).state.calendar !== null
  const decision = define(definition)
  const outcome = await log.execute(policyAggregate, calendarPolicy(name), decision, metadataOf(input))
  const { state, commit } = accepted(outcome)
  // A calendar that was deleted is defined for the first time again.
  const first = outcome.kind === 'committed' ? !known : outcome.kind === 'repeated' && commit === 1
  const status = first ? 201 : 200
  const location = `/api/v1/calendars/${name}`
  return { status, body: bodyOf(name, state.calendar ?? definition), commit, etag: commit, location }
}

/**
 * Deletes a calendar that no active profile names. The profiles come from the view: one that was created moments ago may keep the name of a
 * calendar that is gone, which closes nothing.
 */
export const deleteCalendar: Operate<Contracts['deleteCalendar']> = async (input, { log, views }) => {
  const { name } = input.params
  const needing: string[] = []
  for await (const { id, status, definition } of views.everyProfile()) {
    if (status === 'active' && definition.schedule.calendars.includes(name)) needing.push(id)
  }
  if (needing.length > 0) {
    const shown = needing.slice(0, 5).join(', ')
    const detail = `${needing.length} active ${needing.length === 1 ? 'profile names' : 'profiles name'} this calendar (${shown}): take it out of schedule.calendars first.`
    throw new Problem('conflict', detail)
  }
  const outcome = await log.execute(policyAggregate, calendarPolicy(name), remove(), metadataOf(input))
  const { commit } = accepted(outcome)
  return { status: 200, body: { name, status: 'deleted' }, commit }
}

/** Lists calendars from the view. */
export const listCalendars: Operate<Contracts['listCalendars']> = async ({ query }, { views }) => {
  const { rows, nextCursor } = await pageOf(views.listCalendars(query))
  return { status: 200, body: { calendars: rows, count: rows.length, nextCursor } }
}

/** Reads a calendar from the log. */
export const getCalendar: Operate<Contracts['getCalendar']> = async ({ params }, { log }) => {
  const { definition, commit } = await definitionOf(log, params.name)
  return { status: 200, body: bodyOf(params.name, definition), etag: commit }
}

/** Says whether a calendar is open, why not, and when that changes next. */
export const getCalendarState: Operate<Contracts['getCalendarState']> = async (
  { params, query },
  { log, now },
) => {
  const { name } = params
  const { definition, commit } = await definitionOf(log, name)
  const at = instantOf(query.at ?? now())
  const { knownUntil } = bodyOf(name, definition)
  return { status: 200, body: { name, at, ...calendarState(definition, at), knownUntil }, etag: commit }
}
