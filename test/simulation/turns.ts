import { setImmediate } from 'node:timers/promises'
import type { SimulatedClock } from './clock.ts'
import type { Random } from './random.ts'

/**
 * Lets the operations of all processes take turns: each request to a store or a service waits until it is drawn, so that any order of
 * the requests under way may come about, and the seed says which does.
 */
export class Turns {
  readonly #random: Random
  readonly #clock: SimulatedClock
  readonly #seconds: number | undefined
  #waiting: (() => void)[] = []

  /** With `seconds` each request takes as long, and none waits for another. */
  constructor(random: Random, clock: SimulatedClock, seconds?: number) {
    this.#random = random
    this.#clock = clock
    this.#seconds = seconds
  }

  /** Waits for a turn; now and then, where requests may be `slow`, some seconds before that. */
  async take(slow: boolean): Promise<void> {
    const seconds = this.#seconds
    if (seconds !== undefined) return new Promise<void>((resolve) => this.#clock.after(seconds, resolve))
    if (slow && this.#random.chance(0.01)) {
      const seconds = this.#random.next() * 3
      await new Promise<void>((resolve) => this.#clock.after(seconds, resolve))
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Draws requests, and moves the clock when none waits, until `over` says so or nothing is left to happen. */
  async run(over: () => boolean): Promise<void> {
    while (!over()) {
      // Everything between two requests happens in microtasks: after this none is left.
      await setImmediate()
      if (this.#waiting.length === 0) {
        if (!this.#clock.proceed()) return
        continue
      }
      const [drawn] = this.#waiting.splice(this.#random.between(0, this.#waiting.length - 1), 1)
      drawn?.()
    }
  }
}
