import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoff, retryAfter } from '../../functions/executors/retry.ts'

const now = Date.parse('2026-11-27T12:00:00Z')
const waitBy = (said: string) => retryAfter({ headers: { 'retry-after': said } }, now)

describe('when the other side wants to be asked again', () => {
  test.each([
    ['0', 0],
    ['120', 120],
    [' 7 ', 7],
    ['86400', 86_400],
    ['86401', 86_400],
    ['9'.repeat(400), 86_400],
    ['Fri, 27 Nov 2026 12:01:30 GMT', 90],
    ['Friday, 27-Nov-26 12:01:30 GMT', 90],
    ['Fri Nov 27 12:01:30 2026', 90],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Tue, 01 Jan 2030 00:00:00 GMT', 86_400],
  ])('%j is %i seconds', (said, seconds) => expect(waitBy(said)).toBe(seconds))

  test('is rounded up, as who comes early is refused again', () => {
    expect(retryAfter({ headers: { 'retry-after': 'Fri, 27 Nov 2026 12:00:10 GMT' } }, now + 1)).toBe(10)
  })

  test.each([
    ...['', '-1', '1.5', '+5', '1e3', '0x10', '5, 10', 'soon', 'NaN', 'Infinity', '5s', '２'],
    ...['Fri, 27 Nov 2026 12:01:30', 'Fri, 27 Nov 2026 12:01:30 CET', '2026-11-27T12:01:30Z'],
    ...['Fri, 31 Feb 2026 12:01:30 GMT', 'Fri, 00 Nov 2026 12:01:30 GMT', 'Fri, 27 Xxx 2026 12:01:30 GMT'],
  ])('%j says nothing', (said) => expect(waitBy(said)).toBeUndefined())

  test('is nothing without the header', () => expect(retryAfter({ headers: {} }, now)).toBeUndefined())
})

describe('how long whoever tries again waits', () => {
  const pace = { first: 2, longest: 60 }

  test('is at most twice as long after each try, up to the longest', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 2000].map((tries) => backoff(tries, pace, 0.999_999_999))
    expect(longest).toEqual([2, 4, 8, 16, 32, 60, 60, 60])
    expect([1, 5, 50].map((tries) => backoff(tries, pace, 0))).toEqual([0, 0, 0])
  })

  test('is anything up to that, in whole seconds, each as likely', () => {
    const waits = Array.from({ length: 900 }, (_, at) => backoff(3, pace, at / 900))
    const counts = Map.groupBy(waits, (wait) => wait)
    expect([...counts].map(([wait, all]) => [wait, all.length])).toEqual(
      Array.from({ length: 9 }, (_, wait) => [wait, 100]),
    )
  })

  test('is never out of bounds', () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    const numbers = fc.integer({ min: 1, max: 100_000 })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        numbers,
        numbers,
        random,
        (tries, first, longest, one) => {
          const wait = backoff(tries, { first, longest }, one)
          return Number.isInteger(wait) && wait >= 0 && wait <= longest
        },
      ),
    )
  })
})
