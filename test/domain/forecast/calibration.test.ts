import { expect, test } from 'vitest'
import { hour, second } from '../../../events/time.ts'
import { forecastOf } from '../../../functions/domain/forecast/forecast.ts'
import { Hours } from '../../../functions/domain/forecast/hours.ts'
import { Random } from '../../simulation/random.ts'

const now = '2026-03-02T12:00:00.000Z'
const always = new Hours([{ start: '0000-01-01T00:00:00.000Z', end: '9999-12-31T00:00:00.000Z' }])

/** A component whose upgrades differ, and whose attempts differ within each: some are slow, and a few fall silent. */
class Component {
  readonly #random: Random
  readonly #usual: number
  readonly #differ: number

  constructor(random: Random) {
    this.#random = random
    this.#usual = random.between(10, 600)
    this.#differ = random.next() * 0.5
  }

  /** Returns how long each of so many takes in one upgrade, in milliseconds. */
  upgrade(members: number): number[] {
    const level = this.#usual * Math.exp(this.#differ * this.#bell())
    return Array.from({ length: members }, () => {
      const slow = this.#random.chance(0.05) ? 4 : 1
      return Math.round(second * level * slow * (0.6 + 0.8 * this.#random.next()))
    })
  }

  /** About normal: the sum of twelve. */
  #bell(): number {
    return Array.from({ length: 12 }, () => this.#random.next()).reduce((sum, one) => sum + one, -6)
  }
}

/** Returns when the last ends, by the plainest of schedules: whoever is next takes the slot that is free first. */
function actualEnd(waves: readonly number[][], slots: number, bake: number): number {
  let at = 0
  waves.forEach((took, wave) => {
    const free = Array<number>(slots).fill(at)
    let over = at
    for (const one of took) {
      const first = free.indexOf(Math.min(...free))
      const end = (free[first] ?? 0) + one
      free[first] = end
      over = Math.max(over, end)
    }
    at = over + (wave + 1 < waves.length ? bake : 0)
  })
  return at
}

test.each([
  [1, 1],
  [2, 4],
  [5, 10],
])('about four of five ends fall into the range, with %i to %i upgrades known', (least, most) => {
  const random = new Random(13)
  let inside = 0
  const all = 400
  for (let world = 0; world < all; world++) {
    const component = new Component(random)
    const history = Array.from({ length: random.between(least, most) }, () =>
      component.upgrade(random.between(12, 50)),
    )
    const sizes = Array.from({ length: random.between(1, 3) }, () => random.between(1, 120))
    const [slots, bake] = [random.between(1, 20), random.between(0, 600) * second]
    const took = component.upgrade(sizes.reduce((sum, one) => sum + one, 0))
    const waves = sizes.map((size) => took.splice(0, size))
    const last = sizes.length - 1
    const left = {
      waves: sizes.map((members, wave) => ({ members, bake: wave < last ? bake : 0 })),
      ...{ slots, spacing: 0, inFlight: [], longest: hour },
    }
    const rest = { left, notBefore: now, waitsFor: [] }
    const part = {
      ...{ dependsOn: [], pauseSeconds: 0, endedAt: null },
      prospects: { rest, hours: always, durations: { isOwn: false, took: history } },
    }
    const { seconds } = forecastOf({ now, seed: `world ${world}`, parts: [part] })
    const end = actualEnd(waves, slots, bake) / second
    if (end >= (seconds?.earliest ?? Infinity) && end <= (seconds?.latest ?? 0)) inside += 1
  }
  const share = (100 * inside) / all
  expect(share).toBeGreaterThan(65)
  expect(share).toBeLessThan(95)
})
