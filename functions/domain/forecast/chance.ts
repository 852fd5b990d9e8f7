import { sha256 } from '../../../events/canonical.ts'

/** Chance that follows from a seed: the same text gives the same numbers, on every machine. */
export class Chance {
  #state: number

  constructor(seed: string) {
    this.#state = Number.parseInt(sha256(seed).slice(0, 8), 16)
  }

  /** Returns a number in [0, 1): multiples of the golden ratio, mixed as hashes of 32 bits finish. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }

  /** Returns a whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  /** Returns a number that is normally distributed, with mean 0 and deviation 1: two numbers make it (Box and Muller). */
  normal(): number {
    const [radius, angle] = [1 - this.next(), this.next()]
    return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle)
  }
}
