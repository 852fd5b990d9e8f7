import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Commit, verifyChain } from '../../events/envelope.ts'
import { logOver } from '../../functions/log/append.ts'
import type { Log } from '../../functions/log/log.ts'
import { CommitTooLarge, EventTooLarge } from '../../functions/log/size.ts'
import { categoriesOf, type Store } from '../../functions/log/store.ts'
import { account, accountWith, deposit, metadata, nothing, withdraw } from '../log/account.ts'
import { collect } from '../log/collect.ts'

/** All commits of a stream, read strongly. */
async function all(log: Log, id: string): Promise<readonly Commit[]> {
  return collect(log.commits(`account#${id}`, { consistent: true }))
}

/** What every store of the log must do alike. `open` starts one; each test uses streams of its own in it. */
export function logContract(
  name: string,
  open: () => Promise<{ readonly store: Store; stop(): Promise<void> }>,
): void {
  describe(`the log on ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let clock = Date.parse('2026-03-01T00:00:00.000Z')
    let log: Log
    const id = () => randomUUID()
    const logWith = (store: Store) => logOver(store, { now: () => clock })

    beforeAll(async () => {
      opened = await open()
      log = logWith(opened.store)
    })
    afterAll(() => opened?.stop())

    it('loads a stream that does not exist as commit 0 with the initial state', async () => {
      expect(await log.load(account, id())).toEqual({
        state: account.initial,
        commit: 0,
        version: 0,
        at: '',
        hash: '',
        keys: [],
        sinceSnapshot: { commits: 0, bytes: 0 },
      })
    })

    it('appends what was decided and loads it again, in another log too', async () => {
      const stream = id()
      const outcome = await log.execute(account, stream, deposit(500, 'first'), metadata)
      expect(outcome).toMatchObject({
        kind: 'committed',
        loaded: { commit: 1, version: 1, state: { cents: 500 } },
      })
      expect(await logWith(opened.store).load(account, stream)).toEqual(
        outcome.kind === 'committed' && outcome.loaded,
      )
    })

    it('numbers commits densely and versions by events', async () => {
      const stream = id()
      const two = () => ({
        events: [1, 2].map((cents) => ({ type: 'Deposited' as const, data: { cents, note: '' } })),
      })
      await log.execute(account, stream, two, metadata)
      await log.execute(account, stream, deposit(3), { ...metadata, causation: 'request#1' })
      const commits = await all(log, stream)
      expect(commits.map(({ commit, version, count }) => [commit, version, count])).toEqual([
        [1, 1, 2],
        [2, 3, 1],
      ])
      expect(commits[1]).toMatchObject({ ...metadata, causation: 'request#1', stream: `account#${stream}` })
      expect(commits[1]).not.toHaveProperty('category')
      expect(verifyChain(commits)).toBeUndefined()
    })

    it('writes nothing for a rejection and for a decision without events', async () => {
      const stream = id()
      const rejected = await log.execute(account, stream, withdraw(1), metadata)
      expect(rejected).toMatchObject({ kind: 'rejected', rejection: 'overdrawn' })
      expect(await log.execute(account, stream, nothing, metadata)).toMatchObject({ kind: 'unchanged' })
      expect(await all(log, stream)).toEqual([])
    })

    it('recognises a repeat by its idempotency key, and refuses the key for another body', async () => {
      const stream = id()
      const first = { ...metadata, idempotency: { key: 'operator-1 POST /deposits k1', hash: 'body' } }
      await log.execute(account, stream, deposit(5), first)
      expect(await log.execute(account, stream, deposit(5), first)).toMatchObject({
        kind: 'repeated',
        loaded: { commit: 1, state: { cents: 5 } },
      })
      const other = { ...first, idempotency: { ...first.idempotency, hash: 'another body' } }
      expect(await log.execute(account, stream, deposit(6), other)).toEqual({ kind: 'key-reused' })
      // The same key of another principal or route is another key.
      const foreign = { ...first, idempotency: { key: 'operator-2 POST /deposits k1', hash: 'body' } }
      expect(await log.execute(account, stream, deposit(7), foreign)).toMatchObject({ kind: 'committed' })
    })

    it('keeps the key of a command that changed nothing, so that a late repeat of it changes nothing either', async () => {
      const stream = id()
      const keyed = { ...metadata, idempotency: { key: 'k1', hash: 'body' } }
      expect(await log.execute(account, stream, nothing, keyed)).toMatchObject({ kind: 'unchanged' })
      // There is nothing to keep a key in before a stream has begun.
      expect(await all(log, stream)).toEqual([])
      await log.execute(account, stream, deposit(5), metadata)
      expect(await log.execute(account, stream, nothing, keyed)).toMatchObject({
        kind: 'unchanged',
        loaded: { commit: 2, version: 1, state: { cents: 5 } },
      })
      expect(await log.execute(account, stream, deposit(1), keyed)).toMatchObject({ kind: 'repeated' })
      const other = { ...keyed, idempotency: { key: 'k1', hash: 'another body' } }
      expect(await log.execute(account, stream, nothing, other)).toEqual({ kind: 'key-reused' })
      await log.execute(account, stream, deposit(1), metadata)
      const commits = await all(log, stream)
      expect(commits.map(({ version, count }) => [version, count])).toEqual([
        [1, 1],
        [2, 0],
        [2, 1],
      ])
      expect(verifyChain(commits)).toBeUndefined()
      expect(await log.load(account, stream)).toMatchObject({ commit: 3, version: 2, state: { cents: 6 } })
    })

    it('remembers the last 32 keys, through snapshots', async () => {
      const stream = id()
      const keyed = (n: number) => ({ ...metadata, idempotency: { key: `k${n}`, hash: 'h' } })
      for (let n = 1; n <= 40; n++) await log.execute(account, stream, deposit(1), keyed(n))
      expect((await log.load(account, stream)).keys.map(({ key }) => key)).toEqual(
        Array.from({ length: 32 }, (_, index) => `k${index + 9}`),
      )
      expect(await log.execute(account, stream, deposit(1), keyed(9))).toMatchObject({ kind: 'repeated' })
      expect(await log.execute(account, stream, deposit(1), keyed(8))).toMatchObject({ kind: 'committed' })
    })

    it('looks at the key before the expected commit, and at that before it decides', async () => {
      const stream = id()
      const expecting = (expectedCommit: number) => ({
        ...metadata,
        expectedCommit,
        idempotency: { key: 'k', hash: 'h' },
      })
      expect(await log.execute(account, stream, deposit(1), expecting(0))).toMatchObject({
        kind: 'committed',
      })
      expect(await log.execute(account, stream, deposit(1), expecting(0))).toMatchObject({ kind: 'repeated' })
      const stale = { ...metadata, expectedCommit: 0 }
      expect(await log.execute(account, stream, withdraw(99), stale)).toEqual({
        kind: 'precondition-failed',
        commit: 1,
      })
      expect(
        await log.execute(account, stream, deposit(1), { ...metadata, expectedCommit: 1 }),
      ).toMatchObject({
        kind: 'committed',
      })
    })

    it('takes a snapshot every 15 commits and folds the same state with and without them', async () => {
      const stream = id()
      for (let n = 1; n <= 33; n++) await log.execute(account, stream, deposit(n, `n${n}`), metadata)
      const commits = await all(log, stream)
      expect(commits.filter(({ snapshot }) => snapshot).map(({ commit }) => commit)).toEqual([15, 30])
      const plain = await log.load(accountWith({ snapshots: false }), stream)
      expect(await log.load(account, stream)).toEqual(plain)
      // Of another schema every snapshot is unusable, so one is overdue.
      const { sinceSnapshot, ...foldedFromNothing } = await log.load(accountWith({ stateSchema: 4 }), stream)
      expect({ ...foldedFromNothing, sinceSnapshot: plain.sinceSnapshot }).toEqual(plain)
      expect(sinceSnapshot.commits).toBe(33)
    })

    it('folds a stream as it was at any instant', async () => {
      const stream = id()
      for (let n = 1; n <= 20; n++) {
        clock += 1000
        await log.execute(account, stream, deposit(1), metadata)
      }
      const now = await log.load(account, stream)
      const commits = await all(log, stream)
      for (const commit of [1, 7, 15, 16, 20]) {
        const at = commits[commit - 1]?.at ?? ''
        expect(await log.load(account, stream, { at })).toMatchObject({
          commit,
          at,
          state: { history: now.state.history.slice(0, commit) },
        })
      }
      expect(await log.load(account, stream, { at: '2020-01-01T00:00:00.000Z' })).toMatchObject({ commit: 0 })
    })

    it('never goes back in time when the clock does', async () => {
      const stream = id()
      const seen: string[] = []
      for (const change of [0, -60_000, 30_000, -90_000]) {
        clock += change
        await log.execute(
          account,
          stream,
          (state, now) => {
            seen.push(now)
            return deposit(1)(state, now)
          },
          metadata,
        )
      }
      clock += 200_000
      const instants = (await all(log, stream)).map(({ at }) => at)
      expect(instants).toEqual(seen)
      expect(instants).toEqual([...instants].sort())
    })

    it('lets every one of several writers win exactly once', async () => {
      const stream = id()
      const writers = Array.from({ length: 6 }, () => logWith(opened.store))
      const outcomes = await Promise.all(
        writers.map((writer, n) =>
          writer.execute(account, stream, deposit(10 ** n, `writer ${n}`), metadata, { retryFor: 10_000 }),
        ),
      )
      expect(outcomes.map(({ kind }) => kind)).toEqual(Array(6).fill('committed'))
      const commits = await all(log, stream)
      expect(commits.map(({ commit }) => commit)).toEqual([1, 2, 3, 4, 5, 6])
      expect(verifyChain(commits)).toBeUndefined()
      const { state } = await log.load(account, stream)
      expect(state.cents).toBe(111_111)
      expect(writers.reduce((sum, writer) => sum + writer.consumed().lost, 0)).toBeGreaterThan(0)
    })

    it('decides from what the caller has loaded without reading, and anew when the stream has gone on since', async () => {
      const stream = id()
      await log.execute(account, stream, deposit(5), metadata)
      let reads = 0
      const counting = logWith({
        ...opened.store,
        put: (commit) => opened.store.put(commit),
        read(range) {
          reads += 1
          return opened.store.read(range)
        },
      })
      const from = await counting.load(account, stream)
      expect(await counting.execute(account, stream, withdraw(5), metadata, { from })).toMatchObject({
        kind: 'committed',
        loaded: { commit: 2, state: { cents: 0 } },
      })
      expect(reads).toBe(1)
      // By what was loaded there would be enough; the log knows better.
      expect(await counting.execute(account, stream, withdraw(5), metadata, { from })).toMatchObject({
        kind: 'rejected',
        loaded: { commit: 2 },
      })
      expect(verifyChain(await all(log, stream))).toBeUndefined()
    })

    it('knows its own commit when it meets it, and says what is stored', async () => {
      const stream = id()
      const resending: Store = {
        ...opened.store,
        async put(commit) {
          await opened.store.put(commit)
          return opened.store.put(commit)
        },
      }
      const outcome = await logWith(resending).execute(account, stream, deposit(5), metadata)
      expect(outcome).toMatchObject({ kind: 'committed', loaded: { commit: 1, state: { cents: 5 } } })
      expect(await all(log, stream)).toHaveLength(1)
    })

    it('refuses an event and a commit that are too large, and names the event', async () => {
      const note = 'x'.repeat(63 * 1024)
      await expect(
        log.execute(account, id(), deposit(1, `${note}${'y'.repeat(1024)}`), metadata),
      ).rejects.toThrow(EventTooLarge)
      const five = () => ({
        events: Array.from({ length: 5 }, () => ({ type: 'Deposited' as const, data: { cents: 1, note } })),
      })
      const failure = log.execute(account, id(), five, metadata)
      await expect(failure).rejects.toThrow(CommitTooLarge)
      await expect(failure).rejects.toThrow(/Deposited/)
    })

    it('takes a snapshot after 64 KB of events, and leaves out one that does not fit', async () => {
      const stream = id()
      // Words that no packing makes shorter.
      const note = randomBytes(45 * 1024).toString('base64')
      for (let n = 0; n < 8; n++) await log.execute(account, stream, deposit(1, note), metadata)
      const commits = await all(log, stream)
      expect(commits.map(({ snapshot }) => snapshot !== undefined)).toEqual([
        false,
        true,
        false,
        true,
        false,
        false,
        false,
        false,
      ])
      expect(await log.load(account, stream)).toMatchObject({ commit: 8, state: { cents: 8 } })
    })

    it('reads back a state that its snapshot keeps packed', async () => {
      const stream = id()
      const note = 'the same words, '.repeat(64)
      for (let n = 0; n < 16; n++) await log.execute(account, stream, deposit(1, note), metadata)
      const [snapshot] = (await all(log, stream)).flatMap((commit) => commit.snapshot ?? [])
      expect(snapshot?.state.length).toBeLessThan(note.length)
      expect((await log.load(account, stream)).state).toMatchObject({
        cents: 16,
        notes: Array(16).fill(note),
      })
    })

    it('reads part of a stream, ascending', async () => {
      const stream = id()
      for (let n = 0; n < 5; n++) await log.execute(account, stream, deposit(1), metadata)
      const part = await collect(log.commits(`account#${stream}`, { from: 2, to: 4 }))
      expect(part.map(({ commit }) => commit)).toEqual([2, 3, 4])
    })

    it('lists each stream once, under the shard of its id, unless its aggregate is not listed', async () => {
      const name = `listed${id().slice(0, 8)}`
      const listed = accountWith({ name })
      const ids = Array.from({ length: 30 }, id)
      for (const stream of ids) await log.execute(listed, stream, deposit(1), metadata)
      await log.execute(listed, ids[0] ?? '', deposit(1), metadata)
      await log.execute(accountWith({ name, listed: false }), id(), deposit(1), metadata)
      const found = await collect(log.streams({ name }))
      expect(found.map(({ stream }) => stream).sort()).toEqual(ids.map((each) => `${name}#${each}`).sort())
      expect(found[0]?.since).toMatch(/^2026-/)
      expect(categoriesOf(name)).toHaveLength(16)
    })

    it('lists what follows any listing, streams of the same instant too', async () => {
      const { store } = opened
      const name = `resumed${id().slice(0, 8)}`
      const listed = accountWith({ name })
      for (let n = 0; n < 60; n++) {
        if (n % 3 === 0) clock += 1000
        await log.execute(listed, id(), deposit(1), metadata)
      }
      let resumed = 0
      for (const category of categoriesOf(name)) {
        const whole = await collect(store.list(category, () => {}))
        for (const [place, after] of whole.entries()) {
          expect(await collect(store.list(category, () => {}, after))).toEqual(whole.slice(place + 1))
          resumed++
        }
      }
      expect(resumed).toBe(60)
    })

    it('counts the units that it uses', async () => {
      const measured = logWith(opened.store)
      const stream = id()
      await measured.execute(accountWith({ listed: false }), stream, deposit(1), metadata)
      const { written } = measured.consumed()
      expect(written).toBe(1)
      await measured.execute(account, stream, deposit(1, 'x'.repeat(3000)), metadata)
      expect(measured.consumed().written).toBe(written + 4)
      expect(measured.consumed().read).toBeGreaterThan(0)
      expect(measured.consumed().lost).toBe(0)
    })
  })
}
