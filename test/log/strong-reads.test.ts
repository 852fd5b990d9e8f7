import { expect, it } from 'vitest'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import type { Range, Store } from '../../functions/log/store.ts'
import { account, deposit, metadata } from './account.ts'

/** A store like DynamoDB between two replicas: what is not read strongly is the past. */
function lagging(): { readonly store: Store; readonly weak: Range[] } {
  const store = memoryStore()
  const weak: Range[] = []
  return {
    weak,
    store: {
      ...store,
      async read(range) {
        if (range.consistent) return store.read(range)
        weak.push(range)
        return { commits: [], more: false, units: 0 }
      },
    },
  }
}

it('decides on, and loads, what was acknowledged: neither is read but strongly', async () => {
  const { store, weak } = lagging()
  const log = logOver(store, { now: () => Date.parse('2026-03-01T00:00:00.000Z') })
  // More than one page, so that going on reads strongly too; snapshots are off, so that every page is needed.
  const whole = { ...account, snapshots: false }
  for (let cents = 1; cents <= 40; cents++) await log.execute(whole, 'a', deposit(cents, ''), metadata)
  expect((await log.load(whole, 'a')).commit).toBe(40)
  expect((await log.load(whole, 'a', { at: '2026-03-01T00:00:00.000Z' })).commit).toBe(40)
  expect(weak).toEqual([])
})
