import type { CalendarRequest, calendarContracts } from '../../../contracts/calendars.ts'
import { bytesOf } from '../../../events/bytes.ts'
import type { CalendarDefinition, PolicyEvent } from '../../../events/policy.ts'
import { instantOf } from '../../../events/time.ts'
import { calendarState, knownUntil, runsOut } from '../../domain/policy/calendar.ts'
import {
  calendarPolicy,
  defineCalendar as define,
  type PolicyState,
  policyAggregate,
  deleteCalendar as remove,
} from '../../domain/policy/policy.ts'
import type { Rejection } from '../../domain/rejection.ts'
import { rulesAggregate, upgradeRules } from '../../domain/rules/rules.ts'
import type { Log, Outcome } from '../../log/log.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { invalidFields, Problem } from '../http/problem.ts'
import { expandIcalendar } from './icalendar/expand.ts'
import { NotACalendar } from './icalendar/refusal.ts'
import { lostWindows } from './lost-windows.ts'

type Contracts = typeof calendarContracts

async function definitionFrom(request: CalendarRequest, now: number): Promise<CalendarDefinition> {
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
      // Two hundred countries and the courses of sun and moon are loaded when somebody asks for one of them.
      const { unknownPlaces, writeOutHolidays } = await import('./holidays.ts')
      const unknown = unknownPlaces(request)
      if (unknown.length > 0) throw invalidFields(unknown)
      return writeOutHolidays({ ...request, types: [...new Set(request.types)].sort() }, now)
    }
    case 'ical':
      try {
        const expanded = expandIcalendar(request.icalendar, request.timezone, now)
        return { kind: 'ical', ...expanded, ranges: [...expanded.ranges] }
      } catch (error) {
        if (!(error instanceof NotACalendar)) throw error
        const expected = `an iCalendar file with events (RFC 5545): ${error.message.slice(0, 300)}`
        throw invalidFields([{ field: 'icalendar', value: null, expected }])
      }
  }
}

/** An event of the log holds so much, in bytes, beside what is around it. */
const largestDefinition = 60_000

function refuseTooLarge(definition: CalendarDefinition): void {
  const bytes = bytesOf(definition)
  if (bytes <= largestDefinition) return
  const expected = `fewer entries or shorter names: at most ${largestDefinition} bytes in all`
  throw invalidFields([{ field: definition.kind, value: bytes, expected }])
}

/** What every answer says of how long a calendar is known, and where its days come from. */
function standingOf(definition: CalendarDefinition, now: number) {
  return {
    knownUntil: knownUntil(definition),
    runsOut: runsOut(definition, instantOf(now)),
    source: definition.kind === 'country' ? definition.source : null,
  }
}

function bodyOf(name: string, definition: CalendarDefinition, now: number) {
  return { name, definition, ...standingOf(definition, now) }
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

/** Returns the commit that a command made, now or the first time that it was asked; undefined when it changed nothing. */
function commitOf(
  outcome: Outcome<PolicyState, PolicyEvent, Rejection>,
  key: string | undefined,
): number | undefined {
  if (outcome.kind === 'committed') return outcome.loaded.commit
  if (outcome.kind !== 'repeated') return undefined
  return outcome.loaded.keys.find((used) => used.key === key)?.commit
}

/** Returns the calendar as it was before a commit of its stream; null when there was none. */
async function definitionBefore(log: Log, name: string, commit: number): Promise<CalendarDefinition | null> {
  for (let place = commit - 1; place > 0; place--) {
    const told = log
      .of(policyAggregate, calendarPolicy(name))
      .events({ from: place, to: place, consistent: true })
    for await (const { event } of told) return event.type === 'CalendarDefined' ? event.data.definition : null
  }
  return null
}

/** Defines a calendar under its name, and says which windows that closes; the same definition again changes nothing. */
export const defineCalendar: Operate<Contracts['defineCalendar']> = async (input, services) => {
  const { log, now } = services
  const { name } = input.params
  const definition = await definitionFrom(input.body, now())
  refuseTooLarge(definition)
  const decision = define(definition)
  const outcome = await log.execute(policyAggregate, calendarPolicy(name), decision, metadataOf(input))
  const { state, commit } = accepted(outcome)
  const location = `/api/v1/calendars/${name}`
  const present = state.calendar ?? definition
  const changedBy = commitOf(outcome, input.idempotency?.id)
  const before = changedBy === undefined ? present : await definitionBefore(log, name, changedBy)
  // A calendar that was deleted is defined for the first time again.
  const status = before === null ? 201 : 200
  const lost = await lostWindows(services, name, before, present)
  const body = { ...bodyOf(name, present, now()), windowsLost: lost }
  return { status, body, commit, etag: commit, location }
}

/**
 * Deletes a calendar that no active profile names, nor a policy. The profiles come from the view: one that was created moments ago may keep the name of a
 * calendar that is gone, which closes nothing.
 */
export const deleteCalendar: Operate<Contracts['deleteCalendar']> = async (input, services) => {
  const { log, views } = services
  const { name } = input.params
  const needing: string[] = []
  for await (const { id, status, definition } of views.everyProfile()) {
    if (status === 'active' && definition.schedule.calendars.includes(name)) needing.push(id)
  }
  if (needing.length > 0) {
    const shown = needing.slice(0, 5).join(', ')
    const detail = `${needing.length} active ${needing.length === 1 ? 'profile names' : 'profiles name'} this calendar (${shown}): take it out of schedule.calendars first.`
    throw new Problem('calendar-in-use', detail)
  }
  const { policies } = (await log.load(rulesAggregate, upgradeRules)).state
  const frozen = policies.filter(({ withdrawn, document }) => !withdrawn && document.freezes.includes(name))
  if (frozen.length > 0) {
    const names = frozen.map((policy) => policy.name).join(', ')
    throw new Problem('calendar-in-use', `Policies freeze by this calendar (${names}): change them first.`)
  }
  const before = (await log.load(policyAggregate, calendarPolicy(name))).state.calendar
  const outcome = await log.execute(policyAggregate, calendarPolicy(name), remove(), metadataOf(input))
  const { commit } = accepted(outcome)
  const lost = await lostWindows(services, name, before, null)
  return { status: 200, body: { name, status: 'deleted', windowsLost: lost }, commit }
}

/** Lists calendars from the view. */
export const listCalendars: Operate<Contracts['listCalendars']> = async ({ query }, { views }) => {
  const { rows, nextCursor } = await pageOf(views.listCalendars(query))
  return { status: 200, body: { calendars: rows, count: rows.length, nextCursor } }
}

/** Reads a calendar from the log. */
export const getCalendar: Operate<Contracts['getCalendar']> = async ({ params }, { log, now }) => {
  const { definition, commit } = await definitionOf(log, params.name)
  return { status: 200, body: bodyOf(params.name, definition, now()), etag: commit }
}

/** Says whether a calendar is open, why not, and when that changes next. */
export const getCalendarState: Operate<Contracts['getCalendarState']> = async (
  { params, query },
  { log, now },
) => {
  const { name } = params
  const { definition, commit } = await definitionOf(log, name)
  const at = instantOf(query.at ?? now())
  const body = { name, at, ...calendarState(definition, at), ...standingOf(definition, now()) }
  return { status: 200, body, etag: commit }
}
