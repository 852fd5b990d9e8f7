import type { Encoded } from '../../events/registry.ts'

/** A fact as an aggregate's language names it. Unions per aggregate extend this shape. */
export interface DomainEvent {
  readonly type: string
  readonly data: object
}

/** What `evolve` may read beside the event itself: facts of the commit that holds it. */
export interface CommitContext {
  /** The commit's dense number in its stream, from 1. */
  readonly commit: number
  /** When it was decided: an ISO 8601 instant in UTC with milliseconds, so that instants compare as text. */
  readonly at: string
  readonly actor: string
}

/** One kind of stream: how its events fold into a state, and how stored events become present ones. */
export interface Aggregate<State, Event extends DomainEvent> {
  /** The first part of its streams' names: `target`, `upgrade`, `plan`, `release`, `policy`. */
  readonly name: string
  /** Version of the snapshot's shape. A snapshot of another version is not used. */
  readonly stateSchema: number
  readonly initial: State
  /** Returns the next state; pure. A state is JSON: no Map, Set, Date or undefined member, as snapshots keep it as text. */
  evolve(state: State, event: Event, context: CommitContext): State
  /** Returns a stored event in its present shape, upcast from `schema`. Throws when the data is not of that shape. */
  decode(type: string, schema: number, data: unknown): Event
  /** Returns what is written of an event today, and in which version. */
  encode(event: Event): Encoded
  /** Whether its streams carry snapshots; true unless said otherwise. */
  readonly snapshots?: boolean
  /** Whether its streams are listed in the Catalogue; true unless said otherwise. */
  readonly listed?: boolean
}

/** What a decision returns: events to append (none when nothing is to be done), or why it refuses. */
export type Decision<Event, Rejection> =
  | { readonly events: readonly Event[] }
  | { readonly rejected: Rejection }

/** Returns the decision to append these events; without any, that there is nothing to do. */
export function accept<Event>(...events: readonly Event[]): { readonly events: readonly Event[] } {
  return { events }
}

/** Returns the decision to refuse, with the reason as a typed value. */
export function reject<Rejection>(rejection: Rejection): { readonly rejected: Rejection } {
  return { rejected: rejection }
}
