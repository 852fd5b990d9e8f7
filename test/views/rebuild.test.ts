import { describe, expect, test } from 'vitest'
import { memoryViewStore } from '../../functions/views/memory.ts'
import {
  inVersion,
  movePointer,
  PointerMoved,
  pointerAge,
  readPointer,
} from '../../functions/views/pointer.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { beginRebuild, endRebuild, RebuildFailed } from '../../functions/views/rebuild.ts'
import { type Reconciled, reconcile } from '../../functions/views/reconcile.ts'
import { viewNames } from '../../functions/views/rows.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { deliver, noTroubles, projectorOver } from './adversary.ts'
import { commitsOf } from './commits.ts'
import { historyOf } from './history.ts'
import { plainFold, sorted } from './plain-fold.ts'
import { randomFrom } from './random.ts'

const parked = memoryParked(() => 0)
const targetsWith = (version: string, id: string) => inVersion(version, viewNames.targets.partOf(id))

async function projected(seed: number) {
  const history = await historyOf(seed)
  const store = memoryViewStore()
  const projector = projectorOver(store, history.log, parked)
  await deliver(history.log.records, projector, randomFrom(seed), noTroubles())
  return { ...history, store, projector, reached: { store, log: history.log, parked } }
}

/** Makes all views anew, in one walk and another for what began meanwhile. */
async function rebuild(reached: Reconciled) {
  const version = await beginRebuild(reached.store, async () => {})
  const filled = await reconcile(reached, { version })
  await endRebuild(reached.store, version, filled)
  const late = await reconcile(reached, { version })
  return { ...late, version, healed: filled.healed + late.healed }
}

describe('a rebuild', () => {
  test('makes the bytes that live projection made, under the next version, and is then read', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { store, log, upgrade, reached } = await projected(seed)
      const live = sorted(store.all())
      const report = await rebuild(reached)
      expect(report).toMatchObject({ version: 'v2', drift: 0, healed: live.length })
      const rebuilt = store.all().filter(({ view }) => view.startsWith('v2/'))
      expect(sorted(rebuilt).map((row) => ({ ...row, view: row.view.replace('v2/', 'v1/') }))).toEqual(live)
      expect(await readPointer(store)).toMatchObject({ version: 'v2', building: null })
      expect(await viewsOver(store).getUpgrade(upgrade)).toBeDefined()
      expect(sorted(rebuilt)).toEqual(await plainFold(log, 'v2'))
    }
  })

  test('loses nothing that is projected while it runs: both versions are fed', async () => {
    const { log, store, projector, reached } = await projected(3)
    const commits = commitsOf(log.records)
    const half = commits.slice(0, commits.length / 2)
    const known = new Set(half.map(({ stream, commit }) => `${stream}@${commit}`))
    let walked = 0
    // The walk sees the log as it was; what comes later arrives in the middle of it.
    const earlier = {
      commits: async function* (...asked: Parameters<typeof log.commits>) {
        for await (const commit of log.commits(...asked)) {
          if (known.has(`${commit.stream}@${commit.commit}`)) yield commit
        }
      },
      async *streams(aggregate: { readonly name: string }) {
        for await (const listed of log.streams(aggregate)) {
          if (!known.has(`${listed.stream}@1`)) continue
          walked += 1
          if (walked === 3) {
            expect(await readPointer(store)).toMatchObject({ version: 'v1', building: 'v2' })
            for (const commit of commits) known.add(`${commit.stream}@${commit.commit}`)
            await projector.project(commits.slice(commits.length / 2))
          }
          yield listed
        }
      },
    }
    expect(await rebuild({ ...reached, log: earlier })).toMatchObject({ version: 'v2', drift: 0 })
    const rebuilt = store.all().filter(({ view }) => view.startsWith('v2/'))
    expect(sorted(rebuilt)).toEqual(await plainFold(log, 'v2'))
  })

  test('has projectors feed the version that is being built beside the one that is read', async () => {
    const { log } = await historyOf(9)
    const store = memoryViewStore()
    await movePointer(store, await readPointer(store), { version: 'v1', building: 'v2' })
    await projectorOver(store, log, parked).project(commitsOf(log.records))
    expect(sorted(store.all())).toEqual([...(await plainFold(log, 'v1')), ...(await plainFold(log, 'v2'))])
  })

  test('is filled when no projector knows of the old version alone any more', async () => {
    const { log } = await historyOf(10)
    const store = memoryViewStore()
    const all = commitsOf(log.records)
    const [early, late] = [all.slice(0, all.length / 2), all.slice(all.length / 2)]
    const written = new Set(early.map(({ stream, commit }) => `${stream}@${commit}`))
    const sofar = {
      ...log,
      async *commits(...asked: Parameters<typeof log.commits>) {
        for await (const commit of log.commits(...asked))
          if (written.has(`${commit.stream}@${commit.commit}`)) yield commit
      },
      async *streams(aggregate: { readonly name: string }) {
        for await (const listed of log.streams(aggregate)) if (written.has(`${listed.stream}@1`)) yield listed
      },
    }
    let now = 0
    let asked = 0
    const counting = {
      ...store,
      get: async (...row: Parameters<typeof store.get>) => {
        if (row[0] === 'pointer') asked += 1
        return store.get(...row)
      },
    }
    const projector = projectorOver(counting, sofar, parked, () => now)
    await projector.project(early)
    /** At the last moment at which the projector has what it had read. */
    const comesLate = async () => {
      now = pointerAge - 1
      for (const { stream, commit } of late) written.add(`${stream}@${commit}`)
      await projector.project(late)
      expect(asked).toBe(1)
    }
    const waited: number[] = []
    const version = await beginRebuild(store, async (milliseconds) => {
      waited.push(milliseconds)
      await comesLate()
    })
    await reconcile({ store, log: sofar, parked }, { version })
    if (waited.length === 0) await comesLate()
    expect(waited).toEqual([pointerAge])
    const rebuilt = store.all().filter(({ view }) => view.startsWith(`${version}/`))
    expect(sorted(rebuilt)).toEqual(await plainFold(log, version))
    now = pointerAge
    await projector.project(late)
    expect(asked).toBe(2)
  })

  test('that was broken off is taken up by the next', async () => {
    const { log, store, reached } = await projected(4)
    const dying = {
      ...store,
      put: async (...asked: Parameters<typeof store.put>) => {
        if (asked[0].view.startsWith('v2/upgrades')) throw new Error('died')
        return store.put(...asked)
      },
    }
    await expect(rebuild({ ...reached, store: dying })).rejects.toThrow('died')
    expect(await readPointer(store)).toMatchObject({ version: 'v1', building: 'v2' })
    expect(await rebuild(reached)).toMatchObject({ version: 'v2', drift: 0 })
    expect(sorted(store.all().filter(({ view }) => view.startsWith('v2/')))).toEqual(
      await plainFold(log, 'v2'),
    )
  })

  test('refuses to run beside another', async () => {
    const { store, reached } = await projected(5)
    let others = 0
    const contested = {
      ...store,
      get: async (...asked: Parameters<typeof store.get>) => {
        const found = await store.get(...asked)
        if (asked[0] === 'pointer' && others++ === 0) await rebuild(reached)
        return found
      },
    }
    await expect(rebuild({ ...reached, store: contested })).rejects.toThrow(PointerMoved)
  })

  test('leaves the old version in place when rows of the new one are not the log’s', async () => {
    const { store, reached } = await projected(6)
    const row = { view: targetsWith('v2', 'target-0'), row: 'target-0', version: 99, commit: 99, body: '{}' }
    await store.put(row, undefined)
    await expect(rebuild(reached)).rejects.toThrow(RebuildFailed)
    expect(await readPointer(store)).toMatchObject({ version: 'v1' })
  })
})

describe('reconcile', () => {
  test('names a row that is ahead of the log, and one that was changed at its version', async () => {
    const { store, reached } = await projected(8)
    const ahead = (await store.get(targetsWith('v1', 'target-0'), 'target-0')) ?? expect.fail('no row')
    await store.put({ ...ahead, version: ahead.version + 1 }, ahead.version)
    const changed = (await store.get('v1/releases', 'api@1.2.0')) ?? expect.fail('no row')
    await store.put({ ...changed, body: '{}' }, changed.version)
    const report = await reconcile(reached)
    expect(report).toMatchObject({ healed: 0, drift: 2 })
    expect(report.drifted.toSorted()).toEqual([
      'v1/releases api@1.2.0',
      `${targetsWith('v1', 'target-0')} target-0`,
    ])
  })
})
