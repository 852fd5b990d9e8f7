import { type Commit, hashCommit, type StoredEvent } from '../../events/envelope.ts'
import type { Aggregate, DomainEvent } from '../domain/aggregate.ts'
import { foldCommit, snapshotEvery } from './fold.ts'
import type { Loaded, Metadata } from './log.ts'
import { CommitTooLarge, EventTooLarge, limits, sizeOf } from './size.ts'
import { packState } from './snapshot.ts'
import { categoryOf, keyOf } from './store.ts'

/**
 * Returns the commit that appends `events` to a stream, and the fold after it. The fold is taken of the events as they
 * will be read back, so that nothing is written that cannot be read. Throws EventTooLarge and CommitTooLarge.
 */
export function nextCommit<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  id: string,
  fold: Loaded<State>,
  events: readonly Event[],
  metadata: Metadata & { readonly commitId: string },
  at: string,
): { readonly commit: Commit; readonly fold: Loaded<State> } {
  const { actor, correlation, causation, idempotency, commitId } = metadata
  const body = {
    stream: keyOf(aggregate.name, id),
    commit: fold.commit + 1,
    version: fold.version + 1,
    count: events.length,
    id: commitId,
    at,
    actor,
    correlation,
    ...(causation !== undefined && { causation }),
    ...(idempotency !== undefined && { idempotency: { key: idempotency.key, hash: idempotency.hash } }),
    events: events.map((event, index) => storedEvent(aggregate, event, index)),
  }
  const listed = fold.commit === 0 && aggregate.listed !== false
  const entry = { ...body, ...(listed && { category: categoryOf(aggregate.name, id), since: at }) }
  const plain: Commit = { ...entry, hash: hashCommit(fold.hash, entry) }
  const bytes = sizeOf(plain)
  if (bytes > limits.commit) throw new CommitTooLarge(largestOf(body.events), events.length, bytes)
  const after = foldCommit(aggregate, fold, plain)
  const commit = withSnapshot(aggregate, plain, after, fold.hash)
  if (commit === plain) return { commit, fold: after }
  return { commit, fold: { ...after, hash: commit.hash, sinceSnapshot: { commits: 0, bytes: 0 } } }
}

function storedEvent<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  event: Event,
  index: number,
): StoredEvent {
  const { schema, data: written } = aggregate.encode(event)
  const data = JSON.stringify(written)
  const bytes = Buffer.byteLength(data)
  if (bytes > limits.event) throw new EventTooLarge(event.type, index, bytes)
  return { type: event.type, schema, data }
}

function largestOf(events: readonly StoredEvent[]): string {
  return events.reduce((a, b) => (b.data.length > a.data.length ? b : a)).type
}

/** A snapshot is a convenience: one that does not fit beside its commit is left to a later commit, never a reason to refuse. */
function withSnapshot<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  commit: Commit,
  after: Loaded<State>,
  previous: string,
): Commit {
  const { commits, bytes } = after.sinceSnapshot
  const due = commits >= snapshotEvery.commits || bytes >= snapshotEvery.bytes
  if (aggregate.snapshots === false || !due) return commit
  const state = packState(after.state)
  const carrying = { ...commit, snapshot: { schema: aggregate.stateSchema, state, keys: after.keys } }
  if (sizeOf(carrying) > limits.commitWithSnapshot) return commit
  return { ...carrying, hash: hashCommit(previous, carrying) }
}
