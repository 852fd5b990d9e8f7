import { hashOf } from '../../../events/canonical.ts'
import {
  type ProcedureDocument,
  type ProcedureEvent,
  type ProcedureReference,
  procedureEvents,
} from '../../../events/procedure.ts'
import { type Aggregate, accept, type Decision } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** One procedure as it is known by its name: the last revision, and what is known of each. */
export interface ProcedureState {
  readonly latest: (ProcedureReference & { readonly at: string; readonly by: string }) | null
  /** Of each revision, by its number from 1. */
  readonly revisions: readonly { readonly hash: string; readonly at: string; readonly machine: boolean }[]
}

/** A decision about a procedure. */
export type ProcedureDecision = (state: ProcedureState, now: string) => Decision<ProcedureEvent, Rejection>

/** The steps by which targets are upgraded: one stream a procedure. A revision never changes. */
export const procedureAggregate: Aggregate<ProcedureState, ProcedureEvent> = {
  name: 'procedure',
  stateSchema: 1,
  initial: { latest: null, revisions: [] },
  evolve(state, event, { at }) {
    const { revision } = event.data
    const marked = (machine: boolean) =>
      state.revisions.map((known, place) => (place === revision - 1 ? { ...known, machine } : known))
    switch (event.type) {
      case 'ProcedureRevised': {
        const { hash, by, name } = event.data
        const latest = { name, revision, hash, at, by }
        return { latest, revisions: [...state.revisions, { hash, at, machine: false }] }
      }
      case 'MachineMade':
        return { ...state, revisions: marked(true) }
      case 'MachineRemoved':
        return { ...state, revisions: marked(false) }
    }
  },
  decode: (type, schema, data) => procedureEvents.decode(type, schema, data),
  encode: procedureEvents.encode,
}

/** A procedure is revised so often at most: each revision may need a state machine of its own. */
const revisionsAtMost = 1000

/** Stores a procedure, or its next revision; the same document as the last changes nothing. */
export function reviseProcedure(command: {
  readonly name: string
  readonly document: ProcedureDocument
  readonly by: string
}): ProcedureDecision {
  return ({ latest, revisions }) => {
    const { name, document, by } = command
    const hash = hashOf(document)
    if (latest?.hash === hash) return accept()
    if (revisions.length >= revisionsAtMost) {
      const detail = `${name} has ${revisionsAtMost} revisions: go on under another name.`
      return { rejected: { code: 'too-many-revisions', detail } }
    }
    const revision = revisions.length + 1
    return accept({ type: 'ProcedureRevised', data: { name, revision, hash, document, by } })
  }
}

/** Notes that the state machine of a revision is there, or is no more. Twice is once. */
export function noteMachine(command: {
  readonly revision: number
  readonly made: boolean
}): ProcedureDecision {
  return ({ revisions }) => {
    const { revision, made } = command
    const known = revisions[revision - 1]
    if (!known || known.machine === made) return accept()
    return accept({ type: made ? 'MachineMade' : 'MachineRemoved', data: { revision } })
  }
}
