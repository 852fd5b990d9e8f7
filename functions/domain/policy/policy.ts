import { canonicalJson } from '../../../events/canonical.ts'
import { type CalendarDefinition, type PolicyEvent, policyEvents } from '../../../events/policy.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** The rules of one policy: whether everything is stopped, or when a calendar is closed; a stream holds one of them. */
export interface PolicyState {
  readonly freeze: { readonly reason: string; readonly by: string; readonly since: string } | null
  readonly calendar: CalendarDefinition | null
}

/** A decision about a policy. */
export type PolicyDecision = (state: PolicyState, now: string) => Decision<PolicyEvent, Rejection>

/** What every plan and admission is checked against: one stream a policy; its commit number is the policy version. */
export const policyAggregate: Aggregate<PolicyState, PolicyEvent> = {
  name: 'policy',
  stateSchema: 1,
  initial: { freeze: null, calendar: null },
  evolve(state, event, { at, actor }) {
    switch (event.type) {
      case 'FreezePlaced':
        return { ...state, freeze: { reason: event.data.reason, by: actor, since: at } }
      case 'FreezeLifted':
        return { ...state, freeze: null }
      case 'CalendarDefined':
        return { ...state, calendar: event.data.definition }
      case 'CalendarDeleted':
        return { ...state, calendar: null }
    }
  },
  decode: (type, schema, data) => policyEvents.decode(type, schema, data),
  schemaOf: (type) => policyEvents.schemaOf(type),
}

/** Stops everything. A stop that is in force already stays as it is, with its first reason. */
export function placeFreeze({ reason }: { readonly reason: string }): PolicyDecision {
  return (state) => (state.freeze ? accept() : accept({ type: 'FreezePlaced', data: { reason } }))
}

/** Lifts the stop, with a reason. Where nothing is stopped nothing changes. */
export function liftFreeze({ reason }: { readonly reason: string }): PolicyDecision {
  return (state) => (state.freeze ? accept({ type: 'FreezeLifted', data: { reason } }) : accept())
}

/** The id of the policy that stops everything. */
export const freezePolicy = 'freeze'

const calendarPrefix = 'calendar:'

/** Returns the id of the policy that holds a calendar. */
export function calendarPolicy(name: string): string {
  return `${calendarPrefix}${name}`
}

/** Returns the name of the calendar that a policy holds; undefined when it holds none. */
export function calendarOfPolicy(id: string): string | undefined {
  return id.startsWith(calendarPrefix) ? id.slice(calendarPrefix.length) : undefined
}

/** Defines a calendar, or defines it anew; the same definition again changes nothing. */
export function defineCalendar(definition: CalendarDefinition): PolicyDecision {
  return ({ calendar }) =>
    calendar !== null && canonicalJson(calendar) === canonicalJson(definition)
      ? accept()
      : accept({ type: 'CalendarDefined', data: { definition } })
}

/** Deletes a calendar: it closes nothing any more. Whoever calls sees to it that no profile needs it. */
export function deleteCalendar(): PolicyDecision {
  return ({ calendar }) =>
    calendar === null
      ? reject({
          code: 'calendar-not-found',
          detail: 'There is no such calendar. GET /api/v1/calendars lists them.',
        })
      : accept({ type: 'CalendarDeleted', data: {} })
}
