import type { Chance } from './chance.ts'

/** How long members took, in milliseconds from their admission to their end, by the upgrade that they were of. */
export type Durations = readonly (readonly number[])[]

/** Of fewer nothing is forecast: one slow machine would be all of them. */
export const fewest = 10

/** So many of one upgrade are drawn from: more do not make the range any truer. */
const drawnFrom = 500

/** Returns every so manieth of some values, as many as may be drawn from. */
function some(values: readonly number[]): readonly number[] {
  const { length } = values
  if (length <= drawnFrom) return values
  return Array.from(
    { length: drawnFrom },
    (_, place) => values[Math.floor((place * length) / drawnFrom)] ?? 0,
  )
}

/** Returns the same with those together of whom there are too few to stand for a whole upgrade. */
export function inGroups(durations: Durations): Durations {
  const many = durations.filter(({ length }) => length >= fewest)
  const few = durations.filter(({ length }) => length < fewest).flat()
  return [...many, ...(few.length > 0 ? [few] : [])].map(some)
}

/**
 * What one run draws from: one upgrade of those that are known, and of its members a sample as large as they are many. So the runs differ by as much as
 * upgrades do, and by as much as so few members leave open.
 */
export class Sample {
  readonly #chance: Chance
  readonly #sorted: Float64Array
  readonly #mean: number
  readonly #deviation: number
  /** How much of the time that attempts take has passed at each of the sorted values, of what is left of an attempt at any moment. */
  readonly #passed: Float64Array

  constructor(durations: Durations, chance: Chance) {
    this.#chance = chance
    const known = durations[chance.below(durations.length)] ?? []
    const { length } = known
    const sorted = Float64Array.from({ length }, () => known[chance.below(length)] ?? 0).sort()
    const mean = sorted.reduce((sum, one) => sum + one, 0) / length
    const variance = sorted.reduce((sum, one) => sum + (one - mean) ** 2, 0) / length
    this.#sorted = sorted
    this.#mean = mean
    this.#deviation = Math.sqrt(variance)
    let passed = 0
    this.#passed = sorted.map((one, place) => {
      passed += (one - (sorted[place - 1] ?? 0)) * (length - place)
      return passed
    })
  }

  /** Returns how long one takes. */
  one(): number {
    return this.#sorted[this.#chance.below(this.#sorted.length)] ?? 0
  }

  /**
   * Returns how much longer one takes that has taken so long already, of those who took longer than that; nobody did: it is ended by its deadline, so
   * many milliseconds from now, at the latest.
   */
  rest(taken: number, deadline: number): number {
    const first = this.#after(this.#sorted, taken)
    const left = this.#sorted.length - first
    const drawn = this.#chance.next()
    if (left === 0) return drawn * Math.max(0, deadline)
    return (this.#sorted[first + Math.floor(drawn * left)] ?? taken) - taken
  }

  /** Returns how long the slowest of so many takes. */
  slowest(count: number): number {
    const place = Math.floor(this.#chance.next() ** (1 / count) * this.#sorted.length)
    return this.#sorted[Math.min(place, this.#sorted.length - 1)] ?? 0
  }

  /**
   * Returns how long so many slots are all at work on very many members, and how long the slowest is then at its last one: what all take together,
   * less what is left of those under way when the last begins, by the theory of renewal. It costs the same however many they are.
   */
  many(members: number, slots: number): { readonly together: number; readonly last: number } {
    const sum = members * this.#mean + Math.sqrt(members) * this.#deviation * this.#chance.normal()
    const share = this.#chance.next() ** (1 / slots)
    if (this.#mean === 0) return { together: 0, last: 0 }
    const leftOver = (this.#mean ** 2 + this.#deviation ** 2) / (2 * this.#mean)
    return { together: Math.max(0, sum / slots - leftOver), last: this.#leftAt(share) }
  }

  /** Returns what such a share of attempts has left at most, at any moment at which they are under way. */
  #leftAt(share: number): number {
    const wanted = share * (this.#passed.at(-1) ?? 0)
    const place = Math.min(this.#after(this.#passed, wanted), this.#sorted.length - 1)
    const [from, to] = [this.#sorted[place - 1] ?? 0, this.#sorted[place] ?? 0]
    const [before, by] = [this.#passed[place - 1] ?? 0, this.#passed[place] ?? 0]
    return by === before ? to : from + ((to - from) * (wanted - before)) / (by - before)
  }

  /** Returns the place of the first value that is larger than one. */
  #after(values: Float64Array, value: number): number {
    let [low, high] = [0, values.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[middle] ?? 0) > value) high = middle
      else low = middle + 1
    }
    return low
  }
}
