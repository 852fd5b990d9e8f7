import type { Chance } from './chance.ts'

/** How long members took, in milliseconds from their admission to their end. */
export interface Durations {
  /** Were they of the upgrade itself that is forecast? */
  readonly isOwn: boolean
  /** By the upgrade that they were of. */
  readonly took: readonly (readonly number[])[]
}

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
function inGroups({ took }: Durations): Durations['took'] {
  const many = took.filter(({ length }) => length >= fewest)
  const few = took.filter(({ length }) => length < fewest).flat()
  return [...many, ...(few.length > 0 ? [few] : [])].map(some)
}

/**
 * How far upgrades of a component lie apart, before any is known that differs from another: about a third, which the logarithm of their means is off by.
 * It counts as much as so many upgrades that are known.
 */
const assumed = { deviation: 0.3, upgrades: 3 } as const

/** How long attempts took on average in upgrades of a component: the logarithms of their means, how far these lie apart, and how sure that is. */
interface Levels {
  readonly middle: number
  readonly deviation: number
  readonly freedom: number
  readonly count: number
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let place = 0; place < values.length; place++) sum += values[place] ?? 0
  return sum / Math.max(1, values.length)
}

function levelsOf(groups: Durations['took']): Levels {
  const levels = groups.map((one) => Math.log(Math.max(1, meanOf(one))))
  const { length: count } = levels
  const middle = meanOf(levels)
  const squares = levels.reduce((sum, level) => sum + (level - middle) ** 2, 0)
  const freedom = assumed.upgrades + count - 1
  const variance = (assumed.upgrades * assumed.deviation ** 2 + squares) / freedom
  return { middle, deviation: Math.sqrt(variance), freedom, count }
}

/**
 * Returns how long attempts take on average in an upgrade to come, in milliseconds: by Student's distribution, as so few upgrades are known, and the next
 * differs from them as they do from each other.
 */
function nextLevel({ middle, deviation, freedom, count }: Levels, chance: Chance): number {
  const squares = Array.from({ length: freedom }, () => chance.normal() ** 2)
  const student = chance.normal() / Math.sqrt(meanOf(squares))
  return Math.exp(middle + deviation * Math.sqrt(1 + 1 / count) * student)
}

/** What is known, ready to be drawn from. */
export class Known {
  readonly #groups: Durations['took']
  /** Null: what is known is of the upgrade itself. */
  readonly #levels: Levels | null

  constructor(durations: Durations) {
    this.#groups = inGroups(durations)
    this.#levels = durations.isOwn ? null : levelsOf(this.#groups)
  }

  /**
   * Draws what one run draws from: of one of the upgrades a sample as large as its members are many, brought to the level of an upgrade to come. So the runs
   * differ by as much as upgrades do, and by as much as so few members leave open.
   */
  draw(chance: Chance): Sample {
    const known = this.#groups[chance.below(this.#groups.length)] ?? []
    const { length } = known
    const level = this.#levels ? nextLevel(this.#levels, chance) / Math.max(1, meanOf(known)) : 1
    const drawn = Float64Array.from({ length }, () => Math.round((known[chance.below(length)] ?? 0) * level))
    return new Sample(drawn.sort(), chance)
  }
}

/** How long attempts take in one run. */
export class Sample {
  readonly #chance: Chance
  readonly #sorted: Float64Array
  readonly #mean: number
  readonly #deviation: number
  /** Of what is left of an attempt at any moment, the share that each of the sorted values is not exceeded by, times the mean. */
  readonly #passed: Float64Array

  /** Of durations in milliseconds, the shortest first; one at least. */
  constructor(sorted: Float64Array, chance: Chance) {
    this.#chance = chance
    this.#sorted = sorted
    this.#mean = meanOf(sorted)
    this.#deviation = Math.sqrt(meanOf(sorted.map((one) => (one - this.#mean) ** 2)))
    let passed = 0
    this.#passed = sorted.map((one, place) => {
      passed += (one - (sorted[place - 1] ?? 0)) * (sorted.length - place)
      return passed
    })
  }

  /** Returns how long one takes. */
  one(): number {
    return this.#sorted[this.#chance.below(this.#sorted.length)] ?? 0
  }

  /**
   * Returns how much longer one takes that has taken so long already, of those who took longer than that; where nobody did, up to as long again. Its
   * deadline ends it, so many milliseconds from now.
   */
  rest(taken: number, deadline: number): number {
    const first = this.#after(this.#sorted, taken)
    const left = this.#sorted.length - first
    const drawn = this.#chance.next()
    const rest =
      left === 0 ? drawn * taken : (this.#sorted[first + Math.floor(drawn * left)] ?? taken) - taken
    return Math.min(rest, Math.max(0, deadline))
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
