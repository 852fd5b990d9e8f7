import { expect, it } from 'vitest'
import { failuresByCode, sumOfFailures } from '../../../functions/domain/profile/statistics.ts'

const total = (failures: readonly { readonly count: number }[]) =>
  failures.reduce((sum, { count }) => sum + count, 0)

it('the failures of all phases of a rollout are kept apart by as many codes as those of one upgrade', () => {
  const phases = Array.from({ length: 20 }, (_, phase) =>
    failuresByCode(Array.from({ length: 300 }, (_, place) => `P${phase}_${place}_${'x'.repeat(110)}`)),
  )
  const sums = sumOfFailures([...phases.flat(), { code: 'CRITICAL_DISK', count: 1 }])
  expect([sums.length, total(sums)]).toEqual([101, 20 * 300 + 1])
  expect(sums).toContainEqual({ code: 'CRITICAL_DISK', count: 1 })
  expect(JSON.stringify(sums).length).toBeLessThan(64 * 1024)
})

it('the same code of two phases is one, and all others are summed once', () => {
  const phase = [
    { code: 'OTHER', count: 3 },
    { code: 'TIMEOUT', count: 2 },
  ]
  expect(sumOfFailures([...phase, ...phase])).toEqual([
    { code: 'OTHER', count: 6 },
    { code: 'TIMEOUT', count: 4 },
  ])
})
