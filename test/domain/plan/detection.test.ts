import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atMostFail } from '../../../functions/domain/plan/binomial.ts'
import { defectBounds, shownBy, targetsToSee } from '../../../functions/domain/plan/detection.ts'

/** The same by adding up, for small numbers. */
function added(failures: number, trials: number, rate: number): number {
  let sum = 0
  let term = (1 - rate) ** trials
  for (let failed = 0; failed <= failures; failed++) {
    sum += term
    term *= ((trials - failed) / (failed + 1)) * (rate / (1 - rate))
  }
  return sum
}

describe('the binomial distribution', () => {
  test('is what adding up its terms gives', () => {
    const inputs = fc.record({
      trials: fc.integer({ min: 1, max: 200 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      rate: fc.double({ min: 0.001, max: 0.9, noNaN: true }),
    })
    fc.assert(
      fc.property(inputs, ({ trials, part, rate }) => {
        const failures = Math.floor(part * (trials - 1))
        expect(atMostFail(failures, trials, rate)).toBeCloseTo(added(failures, trials, rate), 9)
      }),
    )
  })

  test('holds for a million trials', () => {
    // A normal distribution by then: its middle, and a standard deviation of 300 to each side.
    expect(atMostFail(100_000, 1_000_000, 0.1)).toBeCloseTo(0.5009, 3)
    expect(atMostFail(100_300, 1_000_000, 0.1)).toBeCloseTo(0.8415, 3)
    expect(atMostFail(0, 1_000_000, 1e-6)).toBeCloseTo(Math.exp(-1), 6)
  })
})

describe('N7: what a canary shows', () => {
  test.each([
    [5, 59],
    [1, 299],
    [10, 29],
    [0.1, 2995],
  ])('%f %% of defective targets are seen by %i', (percent, targets) => {
    expect(targetsToSee(percent)).toBe(targets)
    expect(shownBy(targets, 0)).toBeLessThanOrEqual(percent)
    expect(shownBy(targets - 1, 0)).toBeGreaterThan(percent)
  })

  test.each([
    [1, 0, 95],
    [5, 0, 45.08],
    [50, 0, 5.82],
    [50, 2, 12.07],
    [5, 4, 98.98],
  ])('%i with %i failures allowed show %f %%', (targets, allowed, percent) => {
    expect(shownBy(targets, allowed)).toBe(percent)
  })

  test('none that may all fail show anything', () => {
    expect(shownBy(5, 5)).toBeNull()
  })
})

describe('N7: what outcomes exclude', () => {
  // Upper limits at 95 %, one-sided, as the tables of Clopper and Pearson have them.
  test.each([
    [0, 10, 25.89],
    [1, 10, 39.42],
    [2, 10, 50.69],
    [0, 20, 13.92],
    [1, 20, 21.62],
    [2, 20, 28.27],
    [0, 100, 2.96],
    [5, 100, 10.23],
  ])('%i failures of %i: not more than %f %%', (failures, outcomes, percent) => {
    expect(defectBounds(failures, outcomes).atMostPercent).toBeCloseTo(percent, 1)
  })

  test('the lower bound is the upper one of those that succeeded', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (outcomes, part) => {
          const failures = Math.round(part * outcomes)
          const { atLeastPercent, atMostPercent } = defectBounds(failures, outcomes)
          expect(atLeastPercent).toBeCloseTo(
            100 - defectBounds(outcomes - failures, outcomes).atMostPercent,
            1,
          )
          expect(
            atLeastPercent <= (100 * failures) / outcomes && (100 * failures) / outcomes <= atMostPercent,
          ).toBe(true)
        },
      ),
    )
  })

  test('all failed, or none', () => {
    expect(defectBounds(3, 3)).toEqual({ atLeastPercent: 36.84, atMostPercent: 100 })
    expect(defectBounds(0, 3)).toEqual({ atLeastPercent: 0, atMostPercent: 63.16 })
  })
})
