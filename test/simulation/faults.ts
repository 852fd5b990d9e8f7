import type { Store } from '../../functions/log/store.ts'
import { oneByOne, type ViewStore } from '../../functions/views/store.ts'
import type { Redemption } from '../../functions/work/redemption.ts'
import type { StoredToken, Tokens, Wait } from '../../functions/work/tokens.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Turns } from './turns.ts'

/** What may go wrong, until everything heals. */
export class Faults {
  on = true
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  happens(probability: number): boolean {
    return this.on && this.#random.chance(probability)
  }

  /** Returns how many points of writing a new process lives to see. */
  lifetime(probability: number): number {
    return this.happens(probability) ? this.#random.between(0, 12) : Number.POSITIVE_INFINITY
  }
}

/** An error of a service that comes and goes, as the SDK names it. */
export function passing(message: string): Error {
  return Object.assign(new Error(message), { name: 'TimeoutError' })
}

interface Between {
  readonly process: Process
  readonly turns: Turns
  readonly faults: Faults
}

/** The log's store as a process reaches it: each request takes its turn; an answer may be lost on the way back. */
export function storeThrough(store: Store, { process, turns, faults }: Between): Store {
  return {
    async read(range) {
      await turns.take(faults.on)
      return store.read(range)
    },
    put: (commit) =>
      process.write(async () => {
        await turns.take(faults.on)
        if (faults.happens(0.005)) return { kind: 'refused', error: passing('throttled') }
        const put = await store.put(commit)
        return faults.happens(0.01) ? { kind: 'unknown', error: passing('socket hang up') } : put
      }),
    list: store.list,
  }
}

/** The views' store as a process reaches it. */
export function viewsThrough(store: ViewStore, { process, turns, faults }: Between): ViewStore {
  return oneByOne({
    async get(view, row) {
      await turns.take(faults.on)
      return store.get(view, row)
    },
    put: (row, expected) =>
      process.write(async () => {
        await turns.take(faults.on)
        const written = await store.put(row, expected)
        if (faults.happens(0.005)) throw passing('socket hang up')
        return written
      }),
    async page(view, range) {
      await turns.take(faults.on)
      return store.page(view, range)
    },
    consumed: store.consumed,
  })
}

/** Tokens in memory, as a process reaches them. */
export function tokensThrough(kept: Map<string, StoredToken>, { process, turns, faults }: Between): Tokens {
  const key = ({ stream, generation, move, place }: Wait) => `${stream}/${generation}/${move}/${place}`
  return {
    store: (token) =>
      process.write(async () => {
        await turns.take(faults.on)
        kept.set(key(token), token)
      }),
    async list(stream) {
      await turns.take(faults.on)
      return [...kept.values()].filter((token) => token.stream === stream)
    },
    remove: (stored) =>
      process.write(async () => {
        await turns.take(faults.on)
        if (kept.get(key(stored))?.token === stored.token) kept.delete(key(stored))
      }),
  }
}

/** Something that redeems, between the points at which its process may die. */
export function redemptionThrough(redemption: Redemption, { process }: Between): Redemption {
  return {
    succeed: (token, output) => process.write(() => redemption.succeed(token, output)),
    fail: (token, error, cause) => process.write(() => redemption.fail(token, error, cause)),
  }
}
