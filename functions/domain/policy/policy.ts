import { canonicalJson } from '../../../events/canonical.ts'
import { type CalendarDefinition, type PolicyEvent, policyEvents } from '../../../events/policy.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** What a deployment says of releases that nobody has signed. */
export type UnsignedReleases = 'allowed' | 'refused'

/** One stop of everything, which its own lifting ends. */
export interface Stop {
  readonly id: string
  readonly reason: string
  readonly by: string
  readonly since: string
}

/** The rules of one policy: whether everything is stopped and who may go unsigned, or when a calendar is closed; a stream holds one of them. */
export interface PolicyState {
  /** Everything stands still while any of them is there; the oldest comes first. */
  readonly stops: readonly Stop[]
  /** How many there have ever been. */
  readonly stopsEver: number
  /** What the deployment says of releases that nobody has signed. */
  readonly unsigned: UnsignedReleases
  readonly calendar: CalendarDefinition | null
}

/** A decision about a policy. */
export type PolicyDecision = (state: PolicyState, now: string) => Decision<PolicyEvent, Rejection>

/** What every plan and admission is checked against: one stream a policy; its commit number is the policy version. */
export const policyAggregate: Aggregate<PolicyState, PolicyEvent> = {
  name: 'policy',
  stateSchema: 2,
  initial: { stops: [], stopsEver: 0, unsigned: 'allowed', calendar: null },
  evolve(state, event, { at, actor }) {
    switch (event.type) {
      case 'FreezePlaced': {
        const { stop: id, reason } = event.data
        return {
          ...state,
          stops: [...state.stops, { id, reason, by: actor, since: at }],
          stopsEver: state.stopsEver + 1,
        }
      }
      case 'FreezeLifted':
        return { ...state, stops: state.stops.filter(({ id }) => id !== event.data.stop) }
      case 'UnsignedReleasesJudged':
        return { ...state, unsigned: event.data.allowed ? 'allowed' : 'refused' }
      case 'CalendarDefined':
        return { ...state, calendar: event.data.definition }
      case 'CalendarDeleted':
        return { ...state, calendar: null }
    }
  },
  decode: (type, schema, data) => policyEvents.decode(type, schema, data),
  encode: policyEvents.encode,
}

/** So many stops are in force at once at most: more than anybody can lift one by one. */
const stopsAtMost = 100

/** Returns the stop in force that somebody placed for a reason; undefined when there is none. */
export function stopOf(
  { stops }: Pick<PolicyState, 'stops'>,
  asked: { readonly reason: string; readonly by: string },
): Stop | undefined {
  return stops.find(({ reason, by }) => reason === asked.reason && by === asked.by)
}

/** Stops everything, whatever other stops are in force. Whoever stops it again for the same reason changes nothing. */
export function placeFreeze(command: { readonly reason: string; readonly by: string }): PolicyDecision {
  return (state) => {
    if (stopOf(state, command)) return accept()
    if (state.stops.length >= stopsAtMost) {
      const detail = `Everything is stopped ${stopsAtMost} times over: lift what is not needed any more.`
      return reject({ code: 'too-many-stops', detail })
    }
    const { reason } = command
    return accept({ type: 'FreezePlaced', data: { stop: `stop-${state.stopsEver + 1}`, reason } })
  }
}

/** Lifts one stop, with a reason; everything goes on when it was the last. */
export function liftFreeze(command: { readonly stop: string; readonly reason: string }): PolicyDecision {
  return ({ stops }) => {
    if (stops.some(({ id }) => id === command.stop)) return accept({ type: 'FreezeLifted', data: command })
    const detail = `No stop ${command.stop} is in force. GET /api/v1/stop lists those that are.`
    return reject({ code: 'stop-not-found', detail })
  }
}

/** Notes what the deployment says of releases that nobody has signed, where that is another than was noted: at first they are allowed. */
export function judgeUnsigned(judged: UnsignedReleases): PolicyDecision {
  return ({ unsigned }) =>
    unsigned === judged
      ? accept()
      : accept({ type: 'UnsignedReleasesJudged', data: { allowed: judged === 'allowed' } })
}

/** The id of the policy that binds every upgrade: it is read before anything is admitted or handed over. */
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
