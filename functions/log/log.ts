import type { Commit, UsedKey } from '../../events/envelope.ts'
import type { Aggregate, Decision, DomainEvent } from '../domain/aggregate.ts'

/** Who asks for a command, why, and what makes a repeat of it recognisable. */
export interface Metadata {
  readonly actor: string
  readonly correlation: string
  /** What led to the command: `<stream>@<commit>` of a fact, or the id of a request. */
  readonly causation?: string
  /** The commit's id where it is derived from a name; otherwise a fresh one is made. */
  readonly commitId?: string
  /** The key must already be scoped to principal and route; the hash is that of the body. */
  readonly idempotency?: { readonly key: string; readonly hash: string }
  /** The commit that the caller has seen last (If-Match). */
  readonly expectedCommit?: number
}

/** A stream folded up to one of its commits. */
export interface Loaded<State> {
  readonly state: State
  /** Number of the last commit; 0 when there is no such stream. */
  readonly commit: number
  /** Number of events so far. */
  readonly version: number
  /** When the last commit was decided; empty when there is no such stream. */
  readonly at: string
  /** Hash of the last commit; empty when there is no such stream. */
  readonly hash: string
  /** The last 32 idempotency keys used in the stream, oldest first. */
  readonly keys: readonly UsedKey[]
  /** How far the stream has gone on since its last usable snapshot. */
  readonly sinceSnapshot: { readonly commits: number; readonly bytes: number }
}

/** Capacity as DynamoDB charges it: units written, of failed conditional writes, and read. */
export interface Consumed {
  readonly written: number
  /** Units spent on writes that lost to another commit (or met their own, sent before); not in `written`. */
  readonly lost: number
  readonly read: number
}

/** What became of a command. */
export type Outcome<State, Event, Rejection> =
  | {
      readonly kind: 'committed'
      readonly loaded: Loaded<State>
      readonly events: readonly Event[]
      readonly consumed: Consumed
    }
  /** The decision was that there is nothing to do; a commit without events keeps its idempotency key, if it has one. */
  | { readonly kind: 'unchanged'; readonly loaded: Loaded<State> }
  /** The same idempotency key with the same body was committed before. */
  | { readonly kind: 'repeated'; readonly loaded: Loaded<State> }
  | { readonly kind: 'rejected'; readonly rejection: Rejection; readonly loaded: Loaded<State> }
  /** The same idempotency key came with another body. */
  | { readonly kind: 'key-reused' }
  /** The stream is at `commit`, not at the expected one. */
  | { readonly kind: 'precondition-failed'; readonly commit: number }
  /** Others kept winning, or the table kept refusing. Nothing was written. */
  | { readonly kind: 'contended' }

/** The event log: streams of commits, each appended by one conditional write. */
export interface Log {
  /** Folds a stream, read strongly; with `at`, only its commits decided at or before that ISO instant. */
  load<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    options?: { readonly at?: string },
  ): Promise<Loaded<State>>
  /**
   * Loads, decides, and appends what was decided as one commit; decides again on whatever won in between.
   * `decide` may be called several times and must be pure; its `now` never lies before the stream's last commit.
   * Keeps trying for `retryFor` milliseconds of waiting (a few attempts when absent). A caller who has just loaded the stream gives it as
   * `from`, and it is not read again: should it have gone on since, the write is refused, and the decision is taken anew.
   * Throws EventTooLarge or CommitTooLarge, and whatever the store throws when the outcome is unknown.
   */
  execute<State, Event extends DomainEvent, Rejection>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
    metadata: Metadata,
    options?: { readonly retryFor?: number; readonly from?: Loaded<State> },
  ): Promise<Outcome<State, Event, Rejection>>
  /** Yields a stream's commits, ascending, `from` and `to` included; read strongly when `consistent`. */
  commits(
    stream: string,
    options?: { readonly from?: number; readonly to?: number; readonly consistent?: boolean },
  ): AsyncIterable<Commit>
  /** Yields the listed streams of an aggregate, as the Catalogue knows them: a moment late, and in no order. */
  streams(category: string): AsyncIterable<{ readonly stream: string; readonly since: string }>
  /** Returns the capacity used through this log since it was opened. */
  consumed(): Consumed
}
