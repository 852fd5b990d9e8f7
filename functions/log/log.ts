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

/** What became of a command that is settled: a refusal is an answer too. */
export type Settled<State, Event, Rejection> = Extract<
  Outcome<State, Event, Rejection>,
  { readonly kind: 'committed' | 'unchanged' | 'repeated' | 'rejected' }
>

/** How long a command goes on trying, and from which reading of its stream it starts. */
export interface Trying<State> {
  /** Milliseconds of waiting between tries; a few tries when absent. */
  readonly retryFor?: number
  /**
   * The stream as the caller has just loaded it: it is not read again unless it has gone on since. `nothing`: there is none, as far as the
   * caller thinks; where there is, the write is refused, and it is read.
   */
  readonly from?: Loaded<State> | 'nothing'
}

/** Part of a stream: `from` and `to` are commits, both included. */
export interface CommitRange {
  readonly from?: number
  readonly to?: number
  readonly consistent?: boolean
}

/** An event with what its commit says. */
export interface Told<Event> extends Pick<Commit, 'commit' | 'at' | 'actor'> {
  readonly event: Event
}

/** A stream as the Catalogue lists it. */
export interface ListedStream {
  readonly stream: string
  readonly id: string
  /** When it began. */
  readonly since: string
}

/** One stream of an aggregate. */
export interface Stream<State, Event extends DomainEvent> {
  /** Its name. */
  readonly name: string
  /** Yields its events in their present shape, oldest first, or those of the given types alone. Throws UndecodableEvent. */
  events<Type extends Event['type']>(
    range?: CommitRange,
    types?: readonly Type[],
  ): AsyncIterable<Told<Extract<Event, { type: Type }>>>
  /**
   * Carries out what follows from a fact, and goes on for five seconds against other writers unless told otherwise. A refusal is an answer,
   * since somebody else may have done what was to be done. Throws Contended when nothing was decided: whoever asked has to ask again.
   */
  carryOut<Rejection>(
    decide: (state: State, now: string) => Decision<Event, Rejection>,
    cause: Metadata,
    trying?: Trying<State>,
  ): Promise<Settled<State, Event, Rejection>>
}

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
   * Where the stream has gone on since the caller's reading, the write is refused, and the decision is taken anew.
   * Throws EventTooLarge or CommitTooLarge, and whatever the store throws when the outcome is unknown.
   */
  execute<State, Event extends DomainEvent, Rejection>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
    metadata: Metadata,
    trying?: Trying<State>,
  ): Promise<Outcome<State, Event, Rejection>>
  /** Returns one stream, for what follows from facts and for its events. */
  of<State, Event extends DomainEvent>(aggregate: Aggregate<State, Event>, id: string): Stream<State, Event>
  /** Yields the commits of a stream by its name, ascending; read strongly when `consistent`. */
  commits(stream: string, range?: CommitRange): AsyncIterable<Commit>
  /**
   * Yields the listed streams of an aggregate, as the Catalogue knows them: a moment late, in an order that says nothing and never changes, so that
   * one can go on `after` a stream. What begins meanwhile may come before that.
   */
  streams(
    aggregate: { readonly name: string },
    after?: Pick<ListedStream, 'stream' | 'since'>,
  ): AsyncIterable<ListedStream>
  /** Returns the capacity used through this log since it was opened. */
  consumed(): Consumed
}
