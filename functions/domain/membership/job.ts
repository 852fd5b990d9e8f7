import {
  type MembershipEvent,
  membershipEvents,
  type RequestedMembership,
} from '../../../events/membership.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** How many memberships one part holds: the longest ones still fit into one event. */
export const membershipsPerChunk = 150

/** The fold of one job: what was asked for is in its events, not here. */
export interface MembershipJobState {
  readonly requested: {
    readonly profile: string
    readonly count: number
    readonly chunks: number
    readonly by: string
  } | null
  /** The parts that are in the log, and those of them that were worked off: the first so many are listed. */
  readonly listed: number
  readonly made: readonly number[]
}

export type MembershipJobDecision = (
  state: MembershipJobState,
  now: string,
) => Decision<MembershipEvent, Rejection>

/** Memberships asked for in one call that does not fit into one answer: one stream a job, so that a crash forgets none of them. */
export const membershipJobAggregate: Aggregate<MembershipJobState, MembershipEvent> = {
  name: 'memberships',
  stateSchema: 1,
  initial: { requested: null, listed: 0, made: [] },
  evolve(state, event) {
    switch (event.type) {
      case 'MembershipsRequested':
        return { ...state, requested: event.data }
      case 'MembershipsListed':
        return { ...state, listed: event.data.chunk + 1 }
      case 'MembershipsMade':
        return { ...state, made: [...state.made, event.data.chunk] }
    }
  },
  decode: (type, schema, data) => membershipEvents.decode(type, schema, data),
  encode: membershipEvents.encode,
}

/** Begins a job. Beginning it again changes nothing. */
export function requestMemberships(request: {
  readonly profile: string
  readonly count: number
  readonly by: string
}): MembershipJobDecision {
  return (state) => {
    if (state.requested) return accept()
    const chunks = Math.ceil(request.count / membershipsPerChunk)
    return accept({ type: 'MembershipsRequested', data: { ...request, chunks } })
  }
}

/** Adds one part, in their order; one that is there already changes nothing. */
export function listMemberships(part: {
  readonly chunk: number
  readonly memberships: readonly RequestedMembership[]
}): MembershipJobDecision {
  return (state) => {
    if (part.chunk < state.listed) return accept()
    if (part.chunk > state.listed) {
      return reject({ code: 'conflict', detail: `Part ${state.listed} comes before part ${part.chunk}.` })
    }
    const data = { chunk: part.chunk, memberships: [...part.memberships] }
    return accept({ type: 'MembershipsListed', data })
  }
}

/** Records what became of one part, once. */
export function recordMemberships(result: {
  readonly chunk: number
  readonly already: readonly number[]
  readonly failed: readonly { readonly place: number; readonly detail: string }[]
}): MembershipJobDecision {
  return (state) =>
    state.made.includes(result.chunk)
      ? accept()
      : accept({
          type: 'MembershipsMade',
          data: { chunk: result.chunk, already: [...result.already], failed: [...result.failed] },
        })
}
