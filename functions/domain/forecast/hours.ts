import type { Window } from '../window.ts'

/** When attempts may begin, in milliseconds since the epoch. */
export class Hours {
  readonly #starts: Float64Array
  readonly #ends: Float64Array

  /** Of rooms in order, none of which overlaps another. */
  constructor(rooms: readonly Window[]) {
    this.#starts = Float64Array.from(rooms, ({ start }) => Date.parse(start))
    this.#ends = Float64Array.from(rooms, ({ end }) => Date.parse(end))
  }

  /** Returns when an attempt may begin, from an instant on; infinity: never, so far as is known. */
  from(instant: number): number {
    return Math.max(instant, this.#starts[this.#roomAt(instant)] ?? Number.POSITIVE_INFINITY)
  }

  /** Returns when so much is done, in milliseconds, that goes on whenever attempts may begin; infinity: never, so far as is known. */
  after(instant: number, work: number): number {
    let left = work
    for (let room = this.#roomAt(instant); room < this.#ends.length; room++) {
      const at = Math.max(instant, this.#starts[room] ?? 0)
      const open = (this.#ends[room] ?? 0) - at
      if (left < open) return at + left
      left -= open
    }
    return Number.POSITIVE_INFINITY
  }

  /** Returns the first room that ends after an instant, by its place. */
  #roomAt(instant: number): number {
    let [low, high] = [0, this.#ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (instant < (this.#ends[middle] ?? 0)) high = middle
      else low = middle + 1
    }
    return low
  }
}
