import type { Commit, UsedKey } from '../../events/envelope.ts'
import type { Aggregate, DomainEvent } from '../domain/aggregate.ts'
import { LastingError } from '../errors.ts'
import type { Loaded } from './log.ts'
import { unpackState } from './snapshot.ts'
import type { Store } from './store.ts'

/** A snapshot is taken every so many commits; a page of as many, read backwards, therefore holds one. */
export const snapshotEvery = { commits: 15, bytes: 64 * 1024 } as const

/** How many idempotency keys a stream remembers. */
const rememberedKeys = 32

/** A stored event that this version cannot read: deploy readers before writers, or mend the upcaster. */
export class UndecodableEvent extends LastingError {
  override readonly name = 'UndecodableEvent'
  constructor(stream: string, commit: number, index: number, type: string, schema: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`${stream} commit ${commit}, event ${index}: ${type} in schema ${schema} cannot be read: ${why}`, {
      cause,
    })
  }
}

/** A stream whose commits are not numbered 1, 2, 3, …: something other than the log has written or deleted. */
export class BrokenStream extends LastingError {
  override readonly name = 'BrokenStream'
  constructor(stream: string, expected: number, found: number) {
    super(
      `${stream}: commit ${expected} is missing, ${found} was found in its place; run the audit on this stream`,
    )
  }
}

/** Returns the fold of a stream that does not exist yet. */
export function emptyFold<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
): Loaded<State> {
  return {
    state: aggregate.initial,
    commit: 0,
    version: 0,
    at: '',
    hash: '',
    keys: [],
    sinceSnapshot: { commits: 0, bytes: 0 },
  }
}

/** Returns the events of a commit in their present shape, or those of the given types alone. Throws UndecodableEvent. */
export function decodeEvents<State, Event extends DomainEvent, Type extends Event['type']>(
  aggregate: Aggregate<State, Event>,
  commit: Omit<Commit, 'hash'>,
  types?: readonly Type[],
): readonly Extract<Event, { type: Type }>[] {
  const wanted: readonly string[] | undefined = types
  return commit.events.flatMap(({ type, schema, data }, index) => {
    if (wanted && !wanted.includes(type)) return []
    try {
      return [aggregate.decode(type, schema, JSON.parse(data)) as Extract<Event, { type: Type }>] // one of those wanted
    } catch (cause) {
      throw new UndecodableEvent(commit.stream, commit.commit, index, type, schema, cause)
    }
  })
}

/** Returns the fold after one more commit. Throws BrokenStream when it is not the next one. */
export function foldCommit<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  fold: Loaded<State>,
  commit: Commit,
): Loaded<State> {
  if (commit.commit !== fold.commit + 1) throw new BrokenStream(commit.stream, fold.commit + 1, commit.commit)
  const context = { commit: commit.commit, at: commit.at, actor: commit.actor }
  const state = decodeEvents(aggregate, commit).reduce(
    (before, event) => aggregate.evolve(before, event, context),
    fold.state,
  )
  const reached = {
    state,
    commit: commit.commit,
    version: fold.version + commit.count,
    at: commit.at,
    hash: commit.hash,
    keys: remember(fold.keys, commit),
  }
  if (commit.snapshot?.schema === aggregate.stateSchema) {
    return { ...reached, sinceSnapshot: { commits: 0, bytes: 0 } }
  }
  const bytes = commit.events.reduce((sum, event) => sum + Buffer.byteLength(event.data), 0)
  return {
    ...reached,
    sinceSnapshot: { commits: fold.sinceSnapshot.commits + 1, bytes: fold.sinceSnapshot.bytes + bytes },
  }
}

function remember(keys: readonly UsedKey[], commit: Commit): readonly UsedKey[] {
  if (commit.idempotency === undefined) return keys
  return [...keys, { ...commit.idempotency, commit: commit.commit }].slice(-rememberedKeys)
}

/**
 * Folds a stream from its last usable snapshot, read backwards and strongly; with `at`, only commits decided at or
 * before that instant. `at` never decreases along a stream, so those are a prefix of it.
 */
export async function loadFold<State, Event extends DomainEvent>(
  store: Store,
  aggregate: Aggregate<State, Event>,
  stream: string,
  spend: (units: number) => void,
  at?: string,
): Promise<Loaded<State>> {
  const newestFirst: Commit[] = []
  let to = Number.MAX_SAFE_INTEGER
  while (to > 0) {
    const page = await store.read({
      stream,
      from: 1,
      to,
      descending: true,
      consistent: true,
      limit: snapshotEvery.commits,
    })
    spend(page.units)
    for (const commit of page.commits) {
      if (at !== undefined && commit.at > at) continue
      const start = fromSnapshot(aggregate, commit)
      if (start !== undefined) return foldAll(aggregate, start, newestFirst)
      newestFirst.push(commit)
    }
    const oldest = page.commits.at(-1)
    if (!page.more || oldest === undefined) break
    to = oldest.commit - 1
  }
  return foldAll(aggregate, emptyFold(aggregate), newestFirst)
}

function foldAll<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  start: Loaded<State>,
  newestFirst: readonly Commit[],
): Loaded<State> {
  return newestFirst.reduceRight((fold, commit) => foldCommit(aggregate, fold, commit), start)
}

function fromSnapshot<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  commit: Commit,
): Loaded<State> | undefined {
  const { snapshot } = commit
  if (aggregate.snapshots === false || snapshot?.schema !== aggregate.stateSchema) return undefined
  return {
    state: unpackState(snapshot.state) as State, // written by this log from a State of the same schema version
    commit: commit.commit,
    version: commit.version + commit.count - 1,
    at: commit.at,
    hash: commit.hash,
    keys: snapshot.keys,
    sinceSnapshot: { commits: 0, bytes: 0 },
  }
}
