import type { Commit } from '../../events/envelope.ts'
import type { SimulatedClock } from './clock.ts'
import type { Faults } from './faults.ts'
import { died } from './process.ts'
import type { Random } from './random.ts'

/** Acts on a batch; answers how many of its commits, from the first on, need not come again. */
export type Consumer = (batch: readonly Commit[]) => Promise<number | typeof died>

const shards = 3

function shardOf(stream: string): number {
  let hash = 7
  for (const character of stream) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0
  return Math.abs(hash) % shards
}

/**
 * A DynamoDB stream with one consumer: in order inside a shard, shards side by side, late, at least once. A batch of which the consumer
 * died comes again.
 */
export class Delivery {
  readonly #queues: Commit[][] = Array.from({ length: shards }, () => [])
  readonly #busy = new Set<number>()
  readonly #parts: { clock: SimulatedClock; random: Random; faults: Faults; consumer: Consumer }

  constructor(parts: { clock: SimulatedClock; random: Random; faults: Faults; consumer: Consumer }) {
    this.#parts = parts
  }

  /** Nothing waits and nothing is under way. */
  get idle(): boolean {
    return this.#busy.size === 0
  }

  put(commit: Commit): void {
    const shard = shardOf(commit.stream)
    this.#queues[shard]?.push(commit)
    this.#later(shard)
  }

  #later(shard: number): void {
    if (this.#busy.has(shard)) return
    this.#busy.add(shard)
    const { clock, random, faults } = this.#parts
    const seconds = faults.on && random.chance(0.05) ? random.between(1, 90) : random.next()
    clock.after(seconds, () => void this.#deliver(shard))
  }

  async #deliver(shard: number): Promise<void> {
    const queue = this.#queues[shard] ?? []
    const { random, faults, consumer } = this.#parts
    const batch = queue.slice(0, random.between(1, 40))
    const done = await consumer(batch)
    const again = faults.on && random.chance(0.1)
    if (done !== died && !again) queue.splice(0, done)
    this.#busy.delete(shard)
    if (queue.length > 0) this.#later(shard)
  }
}
