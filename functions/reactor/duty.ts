import type { Commit, StoredEvent } from '../../events/envelope.ts'

/**
 * Something that follows from a fact. A duty keeps no memory of its own: it may be called twice with the same commits, late, or
 * after somebody else has done its work, and then finds in the log that there is nothing to do.
 */
export interface Duty {
  readonly name: string
  /** Does the commit hold anything that this duty acts on? */
  concerns(commit: Commit): boolean
  act(commit: Commit): Promise<void>
}

/** A duty that acts on commits of many streams at once. */
export interface CollectingDuty {
  readonly name: string
  /** Returns what the commits are collected by; undefined when this one is of no concern. */
  collectedBy(commit: Commit): string | undefined
  act(group: string, commits: readonly Commit[]): Promise<void>
}

/** Returns the aggregate and the id in a stream's name. */
export function streamOf(commit: Commit): { readonly aggregate: string; readonly id: string } {
  const separator = commit.stream.indexOf('#')
  return { aggregate: commit.stream.slice(0, separator), id: commit.stream.slice(separator + 1) }
}

/** Returns the commit's events of the given types, decoded. */
export function eventsIn<Event extends { readonly type: string }, Type extends Event['type']>(
  commit: Commit,
  decode: (type: string, schema: number, data: unknown) => Event,
  ...types: readonly Type[]
): Extract<Event, { type: Type }>[] {
  const wanted: readonly string[] = types
  return commit.events
    .filter(({ type }) => wanted.includes(type))
    .map(({ type, schema, data }) => decode(type, schema, JSON.parse(data)) as Extract<Event, { type: Type }>) // the filter has just chosen these types
}

/** Does the commit hold an event of one of the types? */
export function holds(commit: Commit, ...types: readonly string[]): boolean {
  return commit.events.some(({ type }: StoredEvent) => types.includes(type))
}

/** Names the commit as the cause of what a duty appends. */
export function causedBy(commit: Commit, actor: string) {
  return { actor, correlation: commit.correlation, causation: `${commit.stream}@${commit.commit}` }
}
