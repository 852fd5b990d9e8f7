import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Commit } from '../../events/envelope.ts'
import { partsOf } from '../../events/stream.ts'
import { instantOf, later } from '../../events/time.ts'
import type { Aggregate, Decision, DomainEvent } from '../domain/aggregate.ts'
import { decodeEvents, emptyFold, foldCommit, loadFold, snapshotEvery } from './fold.ts'
import type { Consumed, Loaded, Log, Metadata, Outcome, Trying } from './log.ts'
import { nextCommit } from './next-commit.ts'
import { categoriesOf, categoryOf, keyOf, type Put, type Store } from './store.ts'
import { streamIn } from './stream.ts'
import type { WarmFolds } from './warm-folds.ts'

/** What a log needs beside its store. */
export interface LogOptions {
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number
  /** Returns a number in [0, 1), for jitter. */
  readonly random?: () => number
  /** Returns a fresh commit id. */
  readonly newId?: () => string
  /** Waits between attempts. */
  readonly pause?: (milliseconds: number) => Promise<unknown>
  /** Where folds are kept to go on from; left out: each is made anew. */
  readonly warm?: WarmFolds
  /** Called around each write: the place where crash tests die. */
  readonly around?: (moment: 'before-put' | 'after-put', stream: string) => Promise<void> | void
}

/** How often a command without `retryFor` is tried, and how long the waits between tries grow (milliseconds). */
const retries = { attempts: 6, firstPause: 10, longestPause: 200 } as const

type Meter = { -readonly [Kind in keyof Consumed]: Consumed[Kind] }

/** Opens a log over a store: every rule of the log that does not depend on where the commits lie. */
export function logOver(store: Store, options: LogOptions): Log {
  const { now, random = Math.random, newId = randomUUID, pause = setTimeout, warm, around } = options
  const total: Meter = { written: 0, lost: 0, read: 0 }
  const reading = (units: number) => {
    total.read += units
  }

  /** Writes one commit until it is known what became of it, or `patience` is at its end. */
  async function settle(commit: Commit, meter: Meter, patience: Patience): Promise<Put> {
    let unknown: Put | undefined
    for (;;) {
      await around?.('before-put', commit.stream)
      const put = await store.put(commit)
      await around?.('after-put', commit.stream)
      if (put.kind === 'stored') meter.written += put.units
      if (put.kind === 'taken') meter.lost += put.units
      // Its own sending that was never answered has been charged as well.
      if (put.kind === 'taken' && put.by.id === commit.id) meter.written += put.units
      if (put.kind === 'stored' || put.kind === 'taken') return put
      // Once an answer was lost, a later refusal no longer proves that nothing was written.
      if (put.kind === 'unknown') unknown = put
      if (!(await patience.wait())) return unknown ?? put
    }
  }

  /** Folds a stream, read strongly: on from the fold that is kept, where little has followed it. */
  async function foldOf<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    stream: string,
    spend: (units: number) => void,
  ): Promise<Loaded<State>> {
    const kept = warm?.get(aggregate, stream)
    if (kept) {
      const range = { from: kept.commit + 1, to: Number.MAX_SAFE_INTEGER, limit: snapshotEvery.commits }
      const { commits, more, units } = await store.read({
        stream,
        ...range,
        descending: false,
        consistent: true,
      })
      spend(units)
      if (!more) return commits.reduce((fold, commit) => foldCommit(aggregate, fold, commit), kept)
    }
    return loadFold(store, aggregate, stream, spend)
  }

  async function catchUp<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    stream: string,
    fold: Loaded<State>,
    spend: (units: number) => void,
  ): Promise<Loaded<State>> {
    let caughtUp = fold
    for await (const commit of ascending(stream, fold.commit + 1, Number.MAX_SAFE_INTEGER, true, spend)) {
      caughtUp = foldCommit(aggregate, caughtUp, commit)
    }
    return caughtUp
  }

  async function* ascending(
    stream: string,
    from: number,
    to: number,
    consistent: boolean,
    spend: (units: number) => void,
  ): AsyncGenerator<Commit> {
    let next = from
    while (next <= to) {
      const page = await store.read({ stream, from: next, to, descending: false, consistent })
      spend(page.units)
      yield* page.commits
      const last = page.commits.at(-1)
      if (!page.more || last === undefined) return
      next = last.commit + 1
    }
  }

  async function attempt<State, Event extends DomainEvent, Rejection>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
    metadata: Metadata,
    from: Trying<State>['from'],
    patience: Patience,
    meter: Meter,
  ): Promise<Outcome<State, Event, Rejection>> {
    const stream = keyOf(aggregate.name, id)
    const identified = { ...metadata, commitId: metadata.commitId ?? newId() }
    const spend = (units: number) => {
      meter.read += units
    }
    // Nothing but a write that goes through proves such a guess.
    let isGuess = from === 'nothing' && metadata.expectedCommit === undefined
    const known = from === 'nothing' ? undefined : from
    let fold = isGuess ? emptyFold(aggregate) : (known ?? (await foldOf(aggregate, stream, spend)))
    for (;;) {
      const used = fold.keys.find(({ key }) => key === metadata.idempotency?.key)
      if (used !== undefined) {
        return used.hash === metadata.idempotency?.hash
          ? { kind: 'repeated', loaded: fold }
          : { kind: 'key-reused' }
      }
      if (metadata.expectedCommit !== undefined && metadata.expectedCommit !== fold.commit) {
        return { kind: 'precondition-failed', commit: fold.commit }
      }
      const at = later(instantOf(now()), fold.at)
      const decision = decide(fold.state, at)
      if (isGuess && ('rejected' in decision || decision.events.length === 0)) {
        fold = await foldOf(aggregate, stream, spend)
        isGuess = false
        continue
      }
      if ('rejected' in decision) {
        return { kind: 'rejected', rejection: decision.rejected, loaded: fold }
      }
      const nothing = decision.events.length === 0
      // A key is kept although nothing follows from its command: a late repeat must not do what the first did not.
      if (nothing && (metadata.idempotency === undefined || fold.commit === 0))
        return { kind: 'unchanged', loaded: fold }
      const next = nextCommit(aggregate, id, fold, decision.events, identified, at)
      const put = await settle(next.commit, meter, patience)
      if (put.kind === 'refused') return { kind: 'contended' }
      if (put.kind === 'unknown') throw put.error
      const won = put.kind === 'stored' ? next : { commit: put.by, fold: foldCommit(aggregate, fold, put.by) }
      if (won.commit.id === identified.commitId && nothing) return { kind: 'unchanged', loaded: won.fold }
      if (won.commit.id === identified.commitId) {
        const events = decodeEvents(aggregate, won.commit)
        return { kind: 'committed', loaded: won.fold, events, consumed: { ...meter } }
      }
      fold = won.fold
      if (isGuess) {
        fold = await foldOf(aggregate, stream, spend)
        isGuess = false
        continue
      }
      if (!(await patience.wait())) return { kind: 'contended' }
      if (patience.waited > 1) fold = await catchUp(aggregate, stream, fold, spend)
    }
  }

  const log: Log = {
    async load(aggregate, id, { at } = {}) {
      const stream = keyOf(aggregate.name, id)
      if (at !== undefined) return loadFold(store, aggregate, stream, reading, at)
      const loaded = await foldOf(aggregate, stream, reading)
      return warm?.keep(aggregate, stream, loaded) ?? loaded
    },
    async execute(aggregate, id, decide, metadata, { retryFor, from } = {}) {
      const meter: Meter = { written: 0, lost: 0, read: 0 }
      try {
        const patience = patienceOf(retryFor, random, pause)
        const outcome = await attempt(aggregate, id, decide, metadata, from, patience, meter)
        if ('loaded' in outcome) warm?.keep(aggregate, keyOf(aggregate.name, id), outcome.loaded)
        return outcome
      } finally {
        total.written += meter.written
        total.lost += meter.lost
        total.read += meter.read
      }
    },
    of: (aggregate, id) => streamIn(log, aggregate, id),
    commits(stream, { from = 1, to = Number.MAX_SAFE_INTEGER, consistent = false } = {}) {
      return ascending(stream, from, to, consistent, reading)
    },
    async *streams({ name }, after) {
      const begun = after && categoryOf(name, partsOf(after.stream).id)
      for (const category of categoriesOf(name)) {
        if (begun !== undefined && category < begun) continue
        const start = category === begun ? after : undefined
        for await (const { stream, since } of store.list(category, reading, start))
          yield { stream, id: partsOf(stream).id, since }
      }
    },
    consumed: () => ({ ...total }),
  }
  return log
}

/** How long a command goes on trying: each wait is jittered and longer than the one before. */
interface Patience {
  /** Waits before the next try; false when there should be none. */
  wait(): Promise<boolean>
  readonly waited: number
}

function patienceOf(
  retryFor: number | undefined,
  random: () => number,
  pause: (milliseconds: number) => Promise<unknown>,
): Patience {
  let waited = 0
  let spent = 0
  return {
    get waited() {
      return waited
    },
    async wait() {
      if (retryFor === undefined ? waited + 1 >= retries.attempts : spent >= retryFor) return false
      const longest = Math.min(retries.longestPause, retries.firstPause * 2 ** Math.min(waited, 10))
      // Never less than half, so that waiting always gets nearer to its end.
      const milliseconds = longest * (0.5 + random() / 2)
      waited += 1
      spent += milliseconds
      await pause(milliseconds)
      return true
    },
  }
}
