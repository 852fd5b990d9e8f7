import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import { projectRecords } from '../../functions/views/records.ts'
import { oneByOne } from '../../functions/views/store.ts'
import { memoryParked, openParked, type Parked } from '../../functions/work/parked.ts'
import { startDynamo } from '../contract/dynoxide.ts'
import { projectorOver } from './adversary.ts'
import { commitsOf } from './commits.ts'
import { historyOf } from './history.ts'
import { plainFold, sorted } from './plain-fold.ts'

const now = () => Date.parse('2026-03-01T12:00:00.000Z')

describe.each(['memory', 'dynoxide'])('what is parked, in %s', (place) => {
  let parked: Parked
  let stop = async () => {}

  beforeAll(async () => {
    if (place === 'memory') {
      parked = memoryParked(now)
      return
    }
    const dynamo = await startDynamo()
    stop = () => dynamo.stop()
    await dynamo.createTables()
    parked = openParked({ client: dynamo.client, table: 'Work', now })
  })
  afterAll(() => stop())

  const rowOf = async (duty: string) => {
    const found = (await parked.list()).find((row) => row.duty === duty)
    if (!found) throw new Error(`Nothing of ${duty} is parked.`)
    return found
  }

  it('is listed with what a person needs, once a duty and stream, until it is cleared', async () => {
    await parked.park('project', 'target#a', 3, new TypeError('no such thing'))
    await parked.park('project', 'target#a', 2, new TypeError('worse'))
    await parked.park('assign', 'target#a', 3, 'words')
    const mark = expect.any(String)
    expect(await parked.list()).toEqual([
      { duty: 'assign', stream: 'target#a', commit: 3, error: 'words', at: '2026-03-01T12:00:00.000Z', mark },
      {
        duty: 'project',
        stream: 'target#a',
        commit: 2,
        error: 'TypeError: worse',
        at: '2026-03-01T12:00:00.000Z',
        mark,
      },
    ])
    await parked.clear(await rowOf('assign'))
    expect(await parked.list()).toMatchObject([{ duty: 'project' }])
  })

  it('keeps its lowest commit, however often it fails later on', async () => {
    await parked.park('publish', 'upgrade#a', 4, 'first')
    await parked.park('publish', 'upgrade#a', 9, 'later')
    await parked.park('publish', 'upgrade#a', 6, 'out of order')
    expect(await rowOf('publish')).toMatchObject({ commit: 4, error: 'out of order' })
    await Promise.all([7, 3, 8].map((commit) => parked.park('publish', 'upgrade#a', commit, 'at once')))
    expect(await rowOf('publish')).toMatchObject({ commit: 3 })
  })

  it('is not forgotten, nor moved on, by who has tried an earlier failure', async () => {
    await parked.park('withdraw', 'upgrade#a', 4, 'first')
    const tried = await rowOf('withdraw')
    await parked.park('withdraw', 'upgrade#a', 9, 'meanwhile')
    await parked.clear(tried)
    await parked.moveOn(tried, 7, 'further')
    expect(await rowOf('withdraw')).toMatchObject({ commit: 4, error: 'meanwhile' })
    await parked.moveOn(await rowOf('withdraw'), 7, 'further')
    expect(await rowOf('withdraw')).toMatchObject({ commit: 7, error: 'further' })
    await parked.clear(await rowOf('withdraw'))
    expect((await parked.list()).map(({ duty }) => duty)).not.toContain('withdraw')
  })
})

describe('a commit that nobody can read', () => {
  /** A log in which one event of one target is of a type from the future. */
  async function poisoned() {
    const { log } = await historyOf(11)
    const expected = await plainFold(log)
    const poison = (commit: Commit): Commit => {
      if (commit.stream !== 'target#target-1' || commit.commit !== 2) return commit
      return { ...commit, events: commit.events.map((event) => ({ ...event, type: 'FromTheFuture' })) }
    }
    const bad = {
      ...log,
      async *commits(...asked: Parameters<typeof log.commits>) {
        for await (const commit of log.commits(...asked)) yield poison(commit)
      },
    }
    return { log, bad, expected, commits: commitsOf(log.records).map(poison) }
  }

  it('parks its stream, holds up no other, and is healed when it can be read', async () => {
    const { log, bad, expected, commits } = await poisoned()
    const store = memoryViewStore()
    const parked = memoryParked(now)
    expect(await projectorOver(store, bad, parked).project(commits)).toEqual([])
    expect(await parked.list()).toMatchObject([{ duty: 'project', stream: 'target#target-1', commit: 2 }])
    const others = expected.filter(({ body }) => !body?.includes('target-1'))
    expect(sorted(store.all())).toEqual(expect.arrayContaining([...others]))

    expect(await reconcile({ store, log: bad, parked })).toMatchObject({ parked: 1, drift: 0 })
    expect(await parked.list()).toHaveLength(1)
    expect(await reconcile({ store, log, parked })).toMatchObject({ parked: 0, drift: 0 })
    expect(await parked.list()).toEqual([])
    expect(sorted(store.all())).toEqual(expected)
  })

  it('holds up no record beside it where how attempts ended is in it', async () => {
    const { log } = await historyOf(12)
    const parked = memoryParked(now)
    const records = log.records.map((record) => {
      const image = record.dynamodb?.NewImage
      const events = (image?.events?.L ?? []).map((event) =>
        event.M?.type?.S === 'AttemptsTallied' ? { M: { ...event.M, data: { S: '{}' } } } : event,
      )
      return { ...record, dynamodb: { ...record.dynamodb, NewImage: { ...image, events: { L: events } } } }
    })
    const told = vi.fn()
    const reports = { tampered() {}, postponed: told, attempts() {} }
    const runner = projectorOver(memoryViewStore(), log, parked)
    expect(await projectRecords(records, runner, reports)).toEqual({ batchItemFailures: [] })
    expect(told).not.toHaveBeenCalled()
    const rows = await parked.list()
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every(({ stream }) => stream.startsWith('upgrade#'))).toBe(true)
  })

  it('is tried again when the table cannot be reached: the batch goes on from the first record of that stream', async () => {
    const { log } = await historyOf(12)
    const store = memoryViewStore()
    const down = oneByOne({
      ...store,
      put: async (...asked: Parameters<typeof store.put>) => {
        if (asked[0].row === 'target-2')
          throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
        return store.put(...asked)
      },
    })
    const parked = memoryParked(now)
    const postponed: string[] = []
    const reports = {
      tampered: () => {},
      attempts: () => {},
      postponed: (stream: string) => postponed.push(stream),
    }
    const answer = await projectRecords(log.records, projectorOver(down, log, parked), reports)
    const first = log.records.find(({ dynamodb }) => dynamodb?.Keys?.stream?.S === 'target#target-2')
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: first?.dynamodb?.SequenceNumber }] })
    expect(postponed).toEqual(['target#target-2'])
    expect(await parked.list()).toEqual([])
  })
})
