import { describe, expect, it } from 'vitest'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import type { Range } from '../../functions/log/store.ts'
import { WarmFolds } from '../../functions/log/warm-folds.ts'
import { account, accountWith, deposit, metadata, withdraw } from './account.ts'

/** A log that keeps folds, another process that writes to the same store, and what the first one reads. */
function processes(bytes = 100_000) {
  const store = memoryStore()
  const now = () => Date.parse('2026-03-01T00:00:00.000Z')
  const reads: Range[] = []
  const watched = {
    ...store,
    read: (range: Range) => {
      reads.push(range)
      return store.read(range)
    },
  }
  const warm = new WarmFolds(bytes)
  return { reads, warm, log: logOver(watched, { now, warm }), other: logOver(store, { now }) }
}

describe('a process that keeps the folds it has made', () => {
  it('reads what has followed alone, strongly, and folds the same', async () => {
    const { log, other, reads } = processes()
    for (let cents = 1; cents <= 20; cents++) await log.execute(account, 'a', deposit(cents), metadata)
    await other.execute(account, 'a', deposit(100, 'from elsewhere'), metadata)
    reads.length = 0
    expect(await log.load(account, 'a')).toEqual(await other.load(account, 'a'))
    expect(reads).toEqual([expect.objectContaining({ from: 21, consistent: true })])
  })

  it('judges on what others have written since, also where it then refuses', async () => {
    const { log, other } = processes()
    await log.execute(account, 'a', deposit(10), metadata)
    await other.execute(account, 'a', withdraw(8), metadata)
    expect((await log.execute(account, 'a', withdraw(5), metadata)).kind).toBe('rejected')
    await other.execute(account, 'a', deposit(90), metadata)
    expect((await log.execute(account, 'a', withdraw(50), metadata)).kind).toBe('committed')
    expect((await other.load(account, 'a')).state.cents).toBe(42)
  })

  it('recognises a key that another process has used since', async () => {
    const { log, other } = processes()
    await log.execute(account, 'a', deposit(10), metadata)
    const keyed = { ...metadata, idempotency: { key: 'k', hash: 'h' } }
    await other.execute(account, 'a', deposit(1), keyed)
    expect((await log.execute(account, 'a', deposit(1), keyed)).kind).toBe('repeated')
  })

  it('begins at a snapshot again where much has followed', async () => {
    const { log, other, reads } = processes()
    await log.execute(account, 'a', deposit(1), metadata)
    for (let cents = 1; cents <= 40; cents++) await other.execute(account, 'a', deposit(cents), metadata)
    reads.length = 0
    expect(await log.load(account, 'a')).toEqual(await other.load(account, 'a'))
    expect(reads.map(({ descending }) => descending)).toEqual([false, true])
  })

  it('looks back in time without what it keeps, and keeps nothing of it', async () => {
    const { log, other } = processes()
    await log.execute(account, 'a', deposit(1), metadata)
    const at = '2020-01-01T00:00:00.000Z'
    expect((await log.load(account, 'a', { at })).commit).toBe(0)
    expect(await log.load(account, 'a')).toEqual(await other.load(account, 'a'))
  })

  it('gives no fold of one aggregate to another of the same name', async () => {
    const { log } = processes()
    await log.execute(account, 'a', deposit(7), metadata)
    const doubled = accountWith({ stateSchema: 4, evolve: (state) => ({ ...state, cents: state.cents + 2 }) })
    expect((await log.load(doubled, 'a')).state.cents).toBe(2)
    expect((await log.load(account, 'a')).state.cents).toBe(7)
  })

  it('holds so many bytes, of those that were asked for last', async () => {
    const { log, warm } = processes(2000)
    const note = 'x'.repeat(500)
    for (const id of ['a', 'b', 'c']) await log.execute(account, id, deposit(1, note), metadata)
    await log.load(account, 'a')
    await log.execute(account, 'd', deposit(1, note), metadata)
    const kept = ['a', 'b', 'c', 'd'].filter((id) => warm.get(account, `account#${id}`))
    expect(kept).toEqual(['a', 'c', 'd'])
    await log.execute(account, 'e', deposit(1, 'x'.repeat(5000)), metadata)
    expect(warm.get(account, 'account#e')).toBeUndefined()
    expect(warm.get(account, 'account#d')).toBeDefined()
  })

  it('never goes back to an older fold', async () => {
    const { log, warm } = processes()
    await log.execute(account, 'a', deposit(1), metadata)
    const older = await log.load(account, 'a')
    await log.execute(account, 'a', deposit(1), metadata)
    warm.keep(account, 'account#a', older)
    expect(warm.get(account, 'account#a')?.commit).toBe(2)
  })
})
