import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

  it('is listed with what a person needs, once a duty and stream, until it is cleared', async () => {
    await parked.park('project', 'target#a', 3, new TypeError('no such thing'))
    await parked.park('project', 'target#a', 2, new TypeError('worse'))
    await parked.park('assign', 'target#a', 3, 'words')
    expect(await parked.list()).toEqual([
      { duty: 'assign', stream: 'target#a', commit: 3, error: 'words', at: '2026-03-01T12:00:00.000Z' },
      {
        duty: 'project',
        stream: 'target#a',
        commit: 2,
        error: 'TypeError: worse',
        at: '2026-03-01T12:00:00.000Z',
      },
    ])
    await parked.clear('assign', 'target#a')
    expect(await parked.list()).toMatchObject([{ duty: 'project' }])
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
    const reports = { tampered: () => {}, postponed: (stream: string) => postponed.push(stream) }
    const answer = await projectRecords(log.records, projectorOver(down, log, parked), reports)
    const first = log.records.find(({ dynamodb }) => dynamodb?.Keys?.stream?.S === 'target#target-2')
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: first?.dynamodb?.SequenceNumber }] })
    expect(postponed).toEqual(['target#target-2'])
    expect(await parked.list()).toEqual([])
  })
})
