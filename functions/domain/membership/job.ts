import {
  type AssignmentEvent,
  assignmentEvents,
  type RequestedAssignment,
} from '../../../events/assignment.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** How many assignments one part holds: the longest ones still fit into one event. */
export const assignmentsPerChunk = 150

/** The fold of one job: what was asked for is in its events, not here. */
export interface AssignmentJobState {
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

export type AssignmentJobDecision = (
  state: AssignmentJobState,
  now: string,
) => Decision<AssignmentEvent, Rejection>

/** Assignments of one call that does not fit into one answer: one stream a job, so that a crash forgets none of them. */
export const assignmentJobAggregate: Aggregate<AssignmentJobState, AssignmentEvent> = {
  name: 'assignments',
  stateSchema: 1,
  initial: { requested: null, listed: 0, made: [] },
  evolve(state, event) {
    switch (event.type) {
      case 'AssignmentsRequested':
        return { ...state, requested: event.data }
      case 'AssignmentsListed':
        return { ...state, listed: event.data.chunk + 1 }
      case 'AssignmentsMade':
        return { ...state, made: [...state.made, event.data.chunk] }
    }
  },
  decode: (type, schema, data) => assignmentEvents.decode(type, schema, data),
  schemaOf: (type) => assignmentEvents.schemaOf(type),
}

/** Begins a job. Beginning it again changes nothing. */
export function requestAssignments(request: {
  readonly profile: string
  readonly count: number
  readonly by: string
}): AssignmentJobDecision {
  return (state) => {
    if (state.requested) return accept()
    const chunks = Math.ceil(request.count / assignmentsPerChunk)
    return accept({ type: 'AssignmentsRequested', data: { ...request, chunks } })
  }
}

/** Adds one part, in their order; one that is there already changes nothing. */
export function listAssignments(part: {
  readonly chunk: number
  readonly assignments: readonly RequestedAssignment[]
}): AssignmentJobDecision {
  return (state) => {
    if (part.chunk < state.listed) return accept()
    if (part.chunk > state.listed) {
      return reject({ code: 'conflict', detail: `Part ${state.listed} comes before part ${part.chunk}.` })
    }
    const data = { chunk: part.chunk, assignments: [...part.assignments] }
    return accept({ type: 'AssignmentsListed', data })
  }
}

/** Records what became of one part, once. */
export function recordAssignments(result: {
  readonly chunk: number
  readonly already: readonly number[]
  readonly failed: readonly { readonly place: number; readonly detail: string }[]
}): AssignmentJobDecision {
  return (state) =>
    state.made.includes(result.chunk)
      ? accept()
      : accept({
          type: 'AssignmentsMade',
          data: { chunk: result.chunk, already: [...result.already], failed: [...result.failed] },
        })
}
