import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../events/canonical.ts'
import { candidateOf } from '../../functions/domain/plan/candidate.ts'
import { awaitVersion } from '../../functions/views/await-version.ts'
import { InvalidCursor } from '../../functions/views/cursor.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { inVersion } from '../../functions/views/pointer.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { type ReleaseRow, type TargetRow, viewNames } from '../../functions/views/rows.ts'
import type { ViewStore } from '../../functions/views/store.ts'
import type { Page, Versioned } from '../../functions/views/views.ts'
import { facts } from '../domain/target/stories.ts'
import { start } from '../domain/upgrade/world.ts'

function targetOf(id: string, changes: Partial<TargetRow> = {}): TargetRow {
  return {
    id,
    facts,
    components: { api: 'v1.1.0' },
    drift: {},
    pin: null,
    retired: null,
    enrolled: false,
    memberships: {},
    lastOutcome: null,
    updatedAt: start,
    ...changes,
  }
}

const targetsWith = (id: string) => inVersion('v1', viewNames.targets.partOf(id))

async function keep(store: ViewStore, view: string, row: string, body: object): Promise<void> {
  await store.put({ view, row, version: 1, commit: 1, body: canonicalJson(body) }, undefined)
}

/** Every row of every page; `between` is called after each. */
async function everyPage<Row>(
  read: (cursor: string | undefined) => Promise<Page<Row>>,
  between: () => Promise<void> = async () => {},
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    rows.push(...page.rows)
    cursor = page.cursor ?? undefined
    await between()
  } while (cursor !== undefined)
  return rows
}

describe('pages', () => {
  test('hold every row that matches exactly once, in order, whatever is added meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 60 }),
        fc.array(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        async (before, added, limit) => {
          const store = memoryViewStore()
          const retired = (id: string) => (id.length % 2 === 0 ? { reason: 'gone', since: start } : null)
          for (const id of before)
            await keep(store, targetsWith(id), id, targetOf(id, { retired: retired(id) }))
          const views = viewsOver(store)
          const later = [...added]
          const rows = await everyPage(
            (cursor) => views.listTargets({ limit, cursor, retired: false }),
            async () => {
              const id = later.pop()
              if (id !== undefined && !before.includes(id))
                await keep(store, targetsWith(id), id, targetOf(id))
            },
          )
          const ids = rows.map(({ id }) => id)
          expect(new Set(ids).size).toBe(ids.length)
          const expected = before.filter((id) => !retired(id))
          expect(ids.filter((id) => before.includes(id))).toEqual(
            expected.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
          )
        },
      ),
      { numRuns: 200 },
    )
  })

  test('end without an empty page when the rows just fill the last one', async () => {
    const store = memoryViewStore()
    for (const id of ['a', 'b', 'c', 'd']) await keep(store, targetsWith(id), id, targetOf(id))
    const views = viewsOver(store)
    const first = await views.listTargets({ limit: 2 })
    expect(await views.listTargets({ limit: 2, cursor: first.cursor ?? '' })).toMatchObject({ cursor: null })
  })

  test('go on when thousands of rows do not match', async () => {
    const store = memoryViewStore()
    for (let n = 0; n < 5000; n++) {
      const id = String(n).padStart(5, '0')
      await keep(store, targetsWith(id), id, targetOf(id, n % 2400 === 0 ? { components: { web: '1' } } : {}))
    }
    const views = viewsOver(store)
    const rows = await everyPage((cursor) => views.listTargets({ limit: 1, cursor, component: 'web' }))
    expect(rows.map(({ id }) => id)).toEqual(['00000', '02400', '04800'])
  })

  test('take no cursor of another query, another view, or of nobody', async () => {
    const store = memoryViewStore()
    for (const id of ['a', 'b', 'c']) await keep(store, targetsWith(id), id, targetOf(id))
    const views = viewsOver(store)
    const { cursor } = await views.listTargets({ limit: 1, type: facts.type })
    const stranger = cursor ?? expect.fail('no cursor')
    await expect(views.listTargets({ limit: 1, cursor: stranger })).rejects.toThrow(InvalidCursor)
    await expect(views.listReleases({ limit: 1, cursor: stranger })).rejects.toThrow(InvalidCursor)
    for (const made of ['', 'x', 'e30', '{}', Buffer.from('{"after":1}').toString('base64url')]) {
      await expect(views.listTargets({ limit: 1, cursor: made })).rejects.toThrow(InvalidCursor)
    }
  })
})

describe('targets', () => {
  test('are found by component, version, type, region and tags together', async () => {
    const store = memoryViewStore()
    const gold = { ...facts, tags: { tier: 'gold', ring: '1' } }
    await keep(
      store,
      targetsWith('a'),
      'a',
      targetOf('a', { facts: gold, components: { api: 'v1', web: 'v2' } }),
    )
    await keep(store, targetsWith('b'), 'b', targetOf('b', { facts: { ...gold, region: 'us-east-1' } }))
    await keep(store, targetsWith('c'), 'c', targetOf('c', { facts: { ...gold, type: 'node' } }))
    const views = viewsOver(store)
    const ids = async (filters: Omit<Parameters<typeof views.listTargets>[0], 'limit'>) =>
      (await views.listTargets({ limit: 10, ...filters })).rows.map(({ id }) => id)
    expect(await ids({ component: 'web' })).toEqual(['a'])
    expect(await ids({ component: 'api', version: 'v2' })).toEqual([])
    expect(await ids({ version: 'v2' })).toEqual(['a'])
    expect(await ids({ region: 'us-east-1' })).toEqual(['b'])
    expect(await ids({ type: 'node', tags: { ring: '1' } })).toEqual(['c'])
    expect(await ids({ tags: { tier: 'gold', ring: '2' } })).toEqual([])
  })

  test('are all told to the planner, the pinned and the retired marked', async () => {
    const store = memoryViewStore()
    for (let n = 0; n < 1500; n++) await keep(store, targetsWith(`t${n}`), `t${n}`, targetOf(`t${n}`))
    const pin = { component: 'web', reason: 'no', since: start }
    await keep(store, targetsWith('other pin'), 'other pin', targetOf('other pin', { pin }))
    await keep(store, targetsWith('pin'), 'pin', targetOf('pin', { pin: { ...pin, component: null } }))
    await keep(store, targetsWith('without'), 'without', targetOf('without', { components: {} }))
    const rows = await Array.fromAsync(viewsOver(store).everyTarget())
    const all = rows.map((row) => candidateOf(row.id, row, 'api'))
    expect(all.filter(({ from }) => from !== null)).toHaveLength(1502)
    expect(all.filter(({ pinned }) => pinned).map(({ target }) => target)).toEqual(['pin'])
  })
})

test('the latest release is the highest of its channel that is neither withdrawn nor held back', async () => {
  const store = memoryViewStore()
  const add = (
    version: string,
    channel: string,
    withdrawn: ReleaseRow['withdrawn'] = null,
    heldBack: ReleaseRow['heldBack'] = null,
  ) =>
    keep(store, 'v1/releases', `api@${version}`, {
      ...{ component: 'api', version, channel, withdrawn, heldBack, scheme: 'semver', number: 1 },
    })
  await add('1.9.0', 'stable')
  await add('1.10.0', 'stable')
  await add('1.11.0', 'stable', { reason: 'bad' })
  await add('1.12.0', 'stable', null, {
    reason: 'taken back',
    upgrade: 'u1',
    since: '2026-03-01T12:00:00.000Z',
  })
  await add('2.0.0-beta.1', 'beta')
  await keep(store, 'v1/releases', 'apis@9.0.0', { component: 'apis', version: '9.0.0', channel: 'stable' })
  const views = viewsOver(store)
  expect(await views.latestRelease('api', 'stable')).toMatchObject({ version: '1.10.0' })
  expect(await views.latestRelease('api', 'beta')).toMatchObject({ version: '2.0.0-beta.1' })
  expect(await views.latestRelease('api', null)).toMatchObject({ version: '2.0.0-beta.1' })
  expect(await views.latestRelease('web', null)).toBeUndefined()
})

test('upgrades are due at their instant and not before', async () => {
  const store = memoryViewStore()
  await keep(store, 'v1/live', 'u1', { nextDue: '2026-03-01T12:00:00.000Z' })
  await keep(store, 'v1/live', 'u2', { nextDue: '2026-03-01T12:00:00.001Z' })
  const due = await Array.fromAsync(viewsOver(store).dueUpgrades('2026-03-01T12:00:00.000Z'))
  expect(due.map(({ upgrade }) => upgrade)).toEqual(['u1'])
})

describe('a read of one’s own write', () => {
  const found = (commit: number): Versioned<string> => ({ row: 'row', version: 1, commit })

  test('waits until the row has the commit in it', async () => {
    let commit = 1
    const row = await awaitVersion(
      async () => found(commit),
      3,
      async () => {
        commit += 1
      },
    )
    expect(row?.commit).toBe(3)
  })

  test('gives up after 500 ms of waiting, so that the caller folds the stream', async () => {
    let waited = 0
    const pause = async (milliseconds: number) => {
      waited += milliseconds
    }
    expect(await awaitVersion(async () => found(1), 2, pause)).toBeUndefined()
    expect(waited).toBe(500)
  })
})
