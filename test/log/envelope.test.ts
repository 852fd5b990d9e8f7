import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Commit, fromImage, fromItem, hashCommit, toItem, verifyChain } from '../../events/envelope.ts'
import { logOver } from '../../functions/log/append.ts'
import { UndecodableEvent } from '../../functions/log/fold.ts'
import { memoryLog, memoryStore } from '../../functions/log/memory.ts'
import { account, deposit, metadata } from './account.ts'
import { collect } from './collect.ts'

async function sixteen(): Promise<readonly Commit[]> {
  const log = memoryLog({ now: () => 0 })
  for (let n = 0; n < 16; n++) {
    await log.execute(account, 'a', deposit(n), {
      ...metadata,
      causation: 'c',
      idempotency: { key: `k${n}`, hash: 'h' },
    })
  }
  return collect(log.commits('account#a'))
}

describe('the envelope of a commit', () => {
  it('survives the way into an item and back, snapshot included', async () => {
    const commits = await sixteen()
    expect(commits[14]).toHaveProperty('snapshot')
    expect(commits.map((commit) => fromItem(toItem(commit)))).toEqual(commits)
  })

  it('is read from the records of a stream in the order of the writes', async () => {
    const log = memoryLog({ now: () => 0 })
    const heard: Commit[] = []
    const end = log.subscribe((record) => heard.push(fromImage(record.dynamodb?.NewImage)))
    await log.execute(account, 'a', deposit(1), metadata)
    await log.execute(account, 'b', deposit(2), metadata)
    end()
    await log.execute(account, 'a', deposit(3), metadata)
    expect(heard.map(({ stream, commit }) => `${stream}@${commit}`)).toEqual(['account#a@1', 'account#b@1'])
    expect(log.records).toHaveLength(3)
  })

  it('refuses an item that is not a commit', async () => {
    const [first] = await sixteen()
    if (first === undefined) throw new Error('no commit')
    const { hash: _, ...without } = toItem(first)
    expect(() => fromItem(without)).toThrow(/hash/)
    expect(() => fromItem({ ...toItem(first), commit: { N: '1.5' } })).toThrow(/commit/)
  })

  it('keeps its hash: a change of how that is taken would break every chain there is', () => {
    const commit = {
      stream: 'account#a',
      commit: 1,
      version: 1,
      count: 1,
      id: 'commit-1',
      at: '2026-01-01T00:00:00.000Z',
      actor: 'operator-1',
      correlation: 'request-1',
      events: [{ type: 'Deposited', schema: 1, data: '{"amount":3}' }],
    }
    expect(hashCommit('', commit)).toBe(goldenHashes.plain)
    expect(hashCommit('', { ...commit, category: 'account#00', since: commit.at })).toBe(goldenHashes.listed)
    const snapshot = { schema: 1, state: '{"cents":300}', keys: [{ key: 'k', hash: 'h', commit: 1 }] }
    expect(hashCommit('', { ...commit, snapshot })).toBe(goldenHashes.snapshot)
    expect(hashCommit('x', commit)).not.toBe(goldenHashes.plain)
  })
})

/** Taken with another implementation: SHA-256 over JSON with sorted names. */
const goldenHashes = {
  plain: '56d111aedb39e1bd5410129f2ad4e413ae48048e2f8abeaff6c5c8ecea27da19',
  listed: '0d0dfe6cb19f724ac43a55021415b8093edc139d1324ac2f788238486f9e846a',
  snapshot: 'f7fc8acffb0ec8110056b75596f5c3bfd2293f84b1422a9d8265f5060da3125b',
}

describe('verifyChain', () => {
  it('accepts what the log wrote', async () => {
    const commits = await sixteen()
    expect(verifyChain(commits)).toBeUndefined()
    expect(verifyChain(commits, commits.slice(-1))).toBeUndefined()
  })

  it('names the commit whose snapshot, keys or place in the Catalogue were exchanged, be it the last', async () => {
    const commits = (await sixteen()).slice(0, 15)
    const [first, last] = [commits[0], commits[14]]
    if (first === undefined || last?.snapshot === undefined) throw new Error('no snapshot')
    const { snapshot, ...bare } = last
    const state = snapshot.state.replace(/\d+/, '1')
    expect(state).not.toBe(snapshot.state)
    for (const forged of [
      { ...last, snapshot: { ...snapshot, state } },
      { ...last, snapshot: { ...snapshot, keys: snapshot.keys.slice(1) } },
      { ...last, snapshot: { ...snapshot, schema: snapshot.schema + 1 } },
      bare,
    ])
      expect(verifyChain(commits.with(14, forged))).toEqual({ commit: 15, why: 'edited' })
    const { category: _, since: __, ...unlisted } = first
    for (const forged of [{ ...first, category: 'account#99' }, { ...first, since: 'later' }, unlisted])
      expect(verifyChain(commits.with(0, forged))).toEqual({ commit: 1, why: 'edited' })
  })

  it('names the commit at which one was edited, deleted, exchanged or the end was cut off', async () => {
    const commits = await sixteen()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 14 }), async (index) => {
        const [one, two] = [commits[index], commits[index + 1]]
        if (one === undefined || two === undefined) throw new Error('no commit')
        const commit = index + 1
        const replaced = (place: number, by: Commit) => commits.with(place, by)

        expect(verifyChain(replaced(index, { ...one, actor: 'someone' }))).toEqual({ commit, why: 'edited' })
        expect(verifyChain(commits.toSpliced(index, 1))).toEqual({ commit, why: 'deleted' })
        expect(verifyChain(replaced(index, two).with(index + 1, one))).toEqual({ commit, why: 'reordered' })
        const renumbered = replaced(index, { ...two, commit }).with(index + 1, { ...one, commit: commit + 1 })
        expect(verifyChain(renumbered)).toEqual({ commit, why: 'reordered' })
        expect(verifyChain(commits.slice(0, index), commits.slice(-1))).toEqual({ commit, why: 'truncated' })

        const forged = { ...one, actor: 'someone' }
        const resigned = { ...forged, hash: hashCommit(commits[index - 1]?.hash ?? '', forged) }
        expect(verifyChain(replaced(index, resigned))).toEqual({ commit: commit + 1, why: 'edited' })
      }),
    )
  })
})

describe('events of earlier versions', () => {
  const written = (type: string, schema: number, data: string): Commit => {
    const body = {
      stream: 'account#old',
      commit: 1,
      version: 1,
      count: 1,
      id: 'commit-1',
      at: '2026-01-01T00:00:00.000Z',
      actor: 'operator-1',
      correlation: 'request-1',
      events: [{ type, schema, data }],
    }
    return { ...body, hash: hashCommit('', body) }
  }

  it.each([
    [1, '{"amount":3}', { cents: 300, notes: [''] }],
    [2, '{"cents":250,"note":"n"}', { cents: 250, notes: ['n'] }],
  ])('are read in their present shape: Deposited version %i', async (schema, data, state) => {
    const store = memoryStore()
    await store.put(written('Deposited', schema, data))
    expect(await logOver(store, { now: () => 0 }).load(account, 'old')).toMatchObject({ commit: 1, state })
  })

  it.each([
    ['a shape that no schema knows', 'Deposited', 2, '{"amount":3}'],
    ['a version of the future', 'Deposited', 3, '{"cents":1,"note":""}'],
    ['a type of the future', 'Frozen', 1, '{}'],
  ])('are refused with their place in the log: %s', async (_, type, schema, data) => {
    const store = memoryStore()
    await store.put(written(type, schema, data))
    const load = logOver(store, { now: () => 0 }).load(account, 'old')
    await expect(load).rejects.toThrow(UndecodableEvent)
    await expect(load).rejects.toThrow(/account#old commit 1, event 0/)
  })
})
