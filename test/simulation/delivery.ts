import type { Commit } from '../../events/envelope.ts'
import type { SimulatedClock } from './clock.ts'
import type { Faults } from './faults.ts'
import { died } from './process.ts'
import type { Random } from './random.ts'

/** Acts on a batch; answers how many of its commits, from the first on, need not come again. */
export type Consumer = (batch: readonly Commit[]) => Promise<number | typeof died>

/** In how many lanes a stream is read, how much at once, and after how many seconds, where that is not left to chance. */
export interface Lanes {
  readonly lanes: number
  readonly largest: number
  readonly seconds: number
}

/** Returns the lane in which the commits of a stream are delivered. */
export function laneOf(stream: string, lanes = 3): number {
  let hash = 7
  for (const character of stream) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0
  return Math.abs(hash) % lanes
}

interface Parts {
  readonly clock: SimulatedClock
  readonly random: Random
  readonly faults: Faults
  readonly consumer: Consumer
  readonly lanes?: Lanes | undefined
}

/**
 * A DynamoDB stream with one consumer: in order inside a shard, shards side by side, late, at least once. A batch of which the consumer
 * died comes again.
 */
export class Delivery {
  readonly #queues = new Map<number, Commit[]>()
  readonly #busy = new Set<number>()
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Nothing waits and nothing is under way. */
  get idle(): boolean {
    return this.#busy.size === 0
  }

  put(commit: Commit): void {
    const lane = laneOf(commit.stream, this.#parts.lanes?.lanes)
    const queue = this.#queues.get(lane) ?? []
    this.#queues.set(lane, queue)
    queue.push(commit)
    this.#later(lane)
  }

  #later(lane: number): void {
    if (this.#busy.has(lane)) return
    this.#busy.add(lane)
    const { clock, random, faults, lanes } = this.#parts
    const late = faults.on && random.chance(0.05)
    const seconds = lanes?.seconds ?? (late ? random.between(1, 90) : random.next())
    clock.after(seconds, () => void this.#deliver(lane))
  }

  async #deliver(lane: number): Promise<void> {
    const queue = this.#queues.get(lane) ?? []
    const { random, faults, consumer, lanes } = this.#parts
    const batch = queue.slice(0, lanes?.largest ?? random.between(1, 40))
    const done = await consumer(batch)
    const again = faults.on && random.chance(0.1)
    if (done !== died && !again) queue.splice(0, done)
    this.#busy.delete(lane)
    if (queue.length > 0) this.#later(lane)
  }
}
