import { describe, expect, it } from 'vitest'
import { noTimes } from '../../../events/tally.ts'
import {
  bucketBound,
  bucketOf,
  meanOf,
  percentileError,
  percentileOf,
  sumOfTimes,
  withTime,
} from '../../../functions/domain/tally/times.ts'
import { randomFrom } from '../../views/random.ts'

const timed = (all: readonly number[]) => all.reduce(withTime, noTimes)

describe('times that were counted into buckets', () => {
  it('lie in the first bucket whose bound they do not exceed', () => {
    for (let bucket = 1; bucket < 60; bucket++) {
      const bound = bucketBound(bucket) * 1000
      expect([bucketOf(bound - 0.001), bucketOf(bound + 0.001)]).toEqual([bucket, bucket + 1])
    }
    for (const seconds of [1, 2, 64, 65_536]) expect(bucketBound(bucketOf(seconds * 1000))).toBe(seconds)
    expect([bucketOf(0), bucketOf(-5), bucketOf(125)]).toEqual([0, 0, 0])
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(bucketOf(1e12))
  })

  it('tell a percentile that is never too short, and at most 19 % too long', () => {
    const { below } = randomFrom(7)
    for (let run = 0; run < 200; run++) {
      const all = Array.from({ length: 1 + below(300) }, () => 126 + below(10 ** (3 + below(5))))
      const sorted = all.toSorted((left, right) => left - right)
      for (const percent of [50, 95, 99]) {
        const exact = (sorted[Math.ceil((all.length * percent) / 100) - 1] ?? Number.NaN) / 1000
        const told = percentileOf(timed(all), percent) ?? Number.NaN
        expect(told).toBeGreaterThanOrEqual(exact)
        expect(told / exact - 1).toBeLessThanOrEqual(percentileError)
      }
    }
    expect(percentileError).toBeLessThan(0.19)
  })

  it('have an exact mean', () => {
    expect(meanOf(timed([1000, 2000, 6000]))).toBe(3)
    expect([meanOf(noTimes), percentileOf(noTimes, 95)]).toEqual([null, null])
  })

  it('are the same sum in whatever order and parts they are added', () => {
    const all = [5, 300, 4000, 4000, 90_000, 300]
    const parts = [timed(all.slice(4)), timed(all.slice(0, 1)), noTimes, timed(all.slice(1, 4))]
    expect(sumOfTimes(parts)).toEqual(timed(all))
  })
})
