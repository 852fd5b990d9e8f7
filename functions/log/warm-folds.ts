import type { Aggregate, DomainEvent } from '../domain/aggregate.ts'
import type { Loaded } from './log.ts'

interface Kept {
  readonly aggregate: object
  readonly loaded: Loaded<unknown>
  readonly bytes: number
}

/**
 * Folds that an instance of a function has made, to go on from: what has followed in the log is read before each decision all the same. They
 * hold so many bytes of JSON; those that were asked for longest ago go first.
 */
export class WarmFolds {
  readonly #most: number
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  constructor(bytes: number) {
    this.#most = bytes
  }

  /** Returns the fold of a stream as this instance knew it last; undefined when it keeps none. */
  get<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    stream: string,
  ): Loaded<State> | undefined {
    const kept = this.#kept.get(stream)
    if (kept?.aggregate !== aggregate) return undefined
    this.#kept.delete(stream)
    this.#kept.set(stream, kept)
    return kept.loaded as Loaded<State> // kept by the same aggregate
  }

  /** Keeps the fold of a stream, unless a later one is kept already, and returns it. */
  keep<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    stream: string,
    loaded: Loaded<State>,
  ): Loaded<State> {
    const before = this.#kept.get(stream)
    if (loaded.commit === 0 || (before?.aggregate === aggregate && before.loaded.commit >= loaded.commit))
      return loaded
    this.#forget(stream)
    const bytes = JSON.stringify([loaded.state, loaded.keys]).length
    if (bytes > this.#most) return loaded
    this.#kept.set(stream, { aggregate, loaded, bytes })
    this.#bytes += bytes
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= this.#most) break
      this.#forget(oldest)
    }
    return loaded
  }

  #forget(stream: string): void {
    this.#bytes -= this.#kept.get(stream)?.bytes ?? 0
    this.#kept.delete(stream)
  }
}
