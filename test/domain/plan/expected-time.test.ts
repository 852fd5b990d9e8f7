import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectedTimeOf } from '../../../functions/domain/plan/expected-time.ts'

const seconds = (...all: number[]) => all.map((one) => one * 1000)
const hour = { attempt: 3600 }

describe('how long one attempt should take', () => {
  test('is not said of fewer than ten', () => {
    expect(expectedTimeOf(seconds(...Array(9).fill(5)), hour)).toBeUndefined()
    expect(expectedTimeOf(seconds(...Array(10).fill(5)), hour)).toEqual({ seconds: 5, attempts: 10 })
  })

  test('is what 95 of 100 took at most, whatever the slowest did', () => {
    const all = Array.from({ length: 100 }, (_, place) => (place < 95 ? 40 : 3000))
    expect(expectedTimeOf(seconds(...all), hour)).toEqual({ seconds: 40, attempts: 100 })
    const oneMore = all.map((took, place) => (place === 0 ? 3000 : took))
    expect(expectedTimeOf(seconds(...oneMore), hour)?.seconds).toBe(3000)
  })

  test('is in whole seconds, at least one, and no longer than an attempt may take', () => {
    expect(expectedTimeOf(Array(10).fill(3), hour)?.seconds).toBe(1)
    expect(expectedTimeOf(Array(10).fill(1001), hour)?.seconds).toBe(2)
    expect(expectedTimeOf(seconds(...Array(10).fill(500)), { attempt: 60 })?.seconds).toBe(60)
  })

  test('does not depend on the order in which attempts are found', () => {
    const took = fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 10, maxLength: 50 })
    const check = (one: readonly number[]) => {
      expect(expectedTimeOf(one.toReversed(), hour)).toEqual(expectedTimeOf(one, hour))
      const { seconds = 0 } = expectedTimeOf(one, { attempt: 100_000 }) ?? {}
      const within = one.filter((each) => each <= seconds * 1000).length
      expect(within / one.length).toBeGreaterThanOrEqual(0.95)
    }
    fc.assert(fc.property(took, check))
  })
})
