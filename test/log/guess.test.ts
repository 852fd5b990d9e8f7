import { describe, expect, it } from 'vitest'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import type { Range } from '../../functions/log/store.ts'
import { account, deposit, metadata, nothing, withdraw } from './account.ts'

function watched() {
  const store = memoryStore()
  const reads: Range[] = []
  const read = (range: Range) => {
    reads.push(range)
    return store.read(range)
  }
  const now = () => Date.parse('2026-03-01T00:00:00.000Z')
  return { reads, log: logOver({ ...store, read }, { now }) }
}
const guess = { from: 'nothing' } as const

describe('a command on a stream that its caller takes for new', () => {
  it('reads nothing where it is', async () => {
    const { log, reads } = watched()
    const { kind } = await log.execute(account, 'a', deposit(5), metadata, guess)
    expect([kind, reads]).toEqual(['committed', []])
    expect((await log.load(account, 'a')).state.cents).toBe(5)
  })

  it('is decided on all that the stream holds where it is not', async () => {
    const { log } = watched()
    for (const cents of [1, 2, 3]) await log.execute(account, 'a', deposit(cents), metadata)
    const seen: number[] = []
    const outcome = await log.execute(
      account,
      'a',
      (state, now) => {
        seen.push(state.cents)
        return deposit(4)(state, now)
      },
      metadata,
      guess,
    )
    expect([outcome.kind, seen]).toEqual(['committed', [0, 6]])
  })

  it('is neither refused nor found needless by the guess alone', async () => {
    const { log } = watched()
    await log.execute(account, 'a', deposit(9), metadata)
    expect((await log.execute(account, 'a', withdraw(5), metadata, guess)).kind).toBe('committed')
    const unchanged = await log.execute(account, 'a', nothing, metadata, guess)
    expect(unchanged).toMatchObject({ kind: 'unchanged', loaded: { commit: 2 } })
    const expected = { ...metadata, expectedCommit: 2 }
    expect((await log.execute(account, 'a', deposit(1), expected, guess)).kind).toBe('committed')
  })

  it('recognises its key', async () => {
    const { log } = watched()
    const keyed = { ...metadata, idempotency: { key: 'k', hash: 'h' } }
    await log.execute(account, 'a', deposit(9), keyed, guess)
    expect((await log.execute(account, 'a', deposit(9), keyed, guess)).kind).toBe('repeated')
  })
})
