import type { Times } from '../../../events/tally.ts'
import { second } from '../../../events/time.ts'

/** So many buckets double the time: the bounds of neighbours are 19 % apart. */
const bucketsPerDoubling = 4
/** The bound of the first bucket is an eighth of a second: what is shorter is not told apart. */
const doublingsBelowSecond = 3
/** The bound of the last one that ends is more than twelve days: no attempt takes longer. */
const lastBucket = bucketsPerDoubling * (doublingsBelowSecond + 20)

/** How much longer a percentile may be told than it was: the quotient of the bounds of a bucket, less one. */
export const percentileError = 2 ** (1 / bucketsPerDoubling) - 1

/** Returns the upper bound of a bucket, in seconds. */
export function bucketBound(bucket: number): number {
  return 2 ** (bucket / bucketsPerDoubling - doublingsBelowSecond)
}

/** Returns the bucket of a time in milliseconds: the first whose bound it does not exceed. */
export function bucketOf(milliseconds: number): number {
  const doublings = Math.log2(Math.max(milliseconds, 1) / second)
  const bucket = Math.ceil(bucketsPerDoubling * (doublings + doublingsBelowSecond))
  return Math.min(Math.max(bucket, 0), lastBucket)
}

/** Returns the times with one more, in milliseconds. */
export function withTime(times: Times, milliseconds: number): Times {
  return sumOfTimes([times, { count: 1, milliseconds, buckets: [[bucketOf(milliseconds), 1]] }])
}

/** Returns all times together. */
export function sumOfTimes(all: Iterable<Times>): Times {
  let [count, milliseconds] = [0, 0]
  const buckets = new Map<number, number>()
  for (const times of all) {
    count += times.count
    milliseconds += times.milliseconds
    for (const [bucket, some] of times.buckets) buckets.set(bucket, (buckets.get(bucket) ?? 0) + some)
  }
  return { count, milliseconds, buckets: [...buckets].sort(([left], [right]) => left - right) }
}

/** Returns the mean in seconds; null: nothing was timed. */
export function meanOf({ count, milliseconds }: Times): number | null {
  return count === 0 ? null : milliseconds / count / second
}

/**
 * Returns what so many percent took at most, by the nearest rank, in seconds: the bound of the bucket in which that one lies, which is never less than it
 * took and at most `percentileError` more, or an eighth of a second. Null: nothing was timed.
 */
export function percentileOf({ count, buckets }: Times, percent: number): number | null {
  let left = Math.ceil((count * percent) / 100)
  for (const [bucket, some] of buckets) {
    left -= some
    if (left <= 0) return bucketBound(bucket)
  }
  return null
}
