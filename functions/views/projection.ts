import { canonicalJson } from '../../events/canonical.ts'
import type { Commit } from '../../events/envelope.ts'
import type { DomainEvent } from '../domain/aggregate.ts'
import { LastingError } from '../errors.ts'
import type { StoredRow } from './store.ts'

/** Facts of the commit that holds an event. */
export interface ProjectionContext {
  /** The stream's id, without the name of its aggregate. */
  readonly id: string
  readonly commit: number
  /** The event's number in its stream, from 1: dense, whatever commits hold none. */
  readonly number: number
  readonly at: string
  readonly actor: string
  /** When the stream began; only where its source says that it needs it, else empty. */
  readonly since: string
}

/** Which row an event feeds, and its place among the events that do: from 1, without gaps. */
export interface Place {
  /** The view's name without the version. */
  readonly view: string
  readonly row: string
  readonly sequence: number
}

/** A pure fold of events into rows. `Body` is JSON, and each view holds the bodies of one projection only. */
export interface Projection<Event extends DomainEvent, Body extends object> {
  readonly name: string
  /** Returns where the event belongs, from it and its context alone; undefined: it does not feed this view. */
  place(event: Event, context: ProjectionContext): Place | undefined
  apply(body: Body | undefined, event: Event, context: ProjectionContext): Body | 'deleted'
}

/** What the commits of one aggregate feed. */
export interface Source {
  readonly aggregate: string
  /** Do its places need the instant at which the stream began? */
  readonly needsSince: boolean
  /** Returns the changes of a commit, in order. Throws a ProjectionFault when an event cannot be read. */
  changes(commit: Commit, since: string): readonly RowChange[]
}

/** One event on its way into one row. */
export interface RowChange {
  readonly place: Place
  readonly commit: number
  apply(body: object | undefined): object | 'deleted'
}

/** An error that comes back however often the same commit is tried: the commit, or this version, is at fault. */
export class ProjectionFault extends LastingError {
  override readonly name = 'ProjectionFault'
  readonly commit: number
  constructor(commit: number, cause: unknown) {
    super(`commit ${commit} cannot be projected: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    this.commit = commit
  }
}

/** Describes what an aggregate's events feed. */
export function source<Event extends DomainEvent>(
  aggregate: string,
  events: { decode(type: string, schema: number, data: unknown): Event },
  projections: readonly Projection<Event, object>[],
  { needsSince = false } = {},
): Source {
  return {
    aggregate,
    needsSince,
    changes(commit, since) {
      const id = commit.stream.slice(aggregate.length + 1)
      const told = { id, commit: commit.commit, at: commit.at, actor: commit.actor, since }
      return withFault(commit.commit, () =>
        commit.events.flatMap(({ type, schema, data }, place) => {
          const context = { ...told, number: commit.version + place }
          const event = events.decode(type, schema, JSON.parse(data))
          return projections.flatMap((projection) => {
            const place = projection.place(event, context)
            if (!place) return []
            const apply = (body: object | undefined) =>
              withFault(commit.commit, () => projection.apply(body, event, context))
            return [{ place, commit: commit.commit, apply }]
          })
        }),
      )
    },
  }
}

function withFault<Value>(commit: number, attempt: () => Value): Value {
  try {
    return attempt()
  } catch (cause) {
    throw cause instanceof ProjectionFault ? cause : new ProjectionFault(commit, cause)
  }
}

/** A row after some changes, or the number that was missing before one of them. */
export type Folded =
  | { readonly kind: 'folded'; readonly row: StoredRow }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'gap'; readonly missing: number }

/**
 * Folds changes of one row, in the order of the stream, on what is stored. A change that the row has in it is passed over: several
 * events of one commit may share a number, so what counts is the version before the commit.
 */
export function fold(stored: StoredRow | undefined, view: string, changes: readonly RowChange[]): Folded {
  const [first] = changes
  if (!first) return { kind: 'unchanged' }
  let body: object | undefined = stored?.body ? JSON.parse(stored.body) : undefined
  let version = stored?.version ?? 0
  let commit = stored?.commit ?? 0
  let reading = 0
  let before = version
  for (const change of changes) {
    if (change.commit !== reading) {
      reading = change.commit
      before = version
    }
    const { sequence } = change.place
    if (sequence <= before) continue
    if (sequence > version + 1) return { kind: 'gap', missing: version + 1 }
    const next = change.apply(body)
    body = next === 'deleted' ? undefined : next
    version = sequence
    commit = change.commit
  }
  if (version === (stored?.version ?? 0)) return { kind: 'unchanged' }
  const row = { view, row: first.place.row, version, commit, body: body ? canonicalJson(body) : null }
  return { kind: 'folded', row }
}
