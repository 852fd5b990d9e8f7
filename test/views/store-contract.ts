import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { viewsOver } from '../../functions/views/readers.ts'
import type { StoredRow, ViewStore } from '../../functions/views/store.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { projectorOver } from './adversary.ts'
import { commitsOf } from './commits.ts'
import { historyOf } from './history.ts'
import { plainFold } from './plain-fold.ts'

/** What every store of views must do alike. Each test uses views of its own. */
export function viewStoreContract(
  name: string,
  open: () => Promise<{ readonly store: ViewStore; stop(): Promise<void> }>,
): void {
  describe(`the views on ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let store: ViewStore
    const rowOf = (changes: Partial<StoredRow> = {}): StoredRow => {
      return { view: randomUUID(), row: 'a', version: 1, commit: 1, body: '{"n":1}', ...changes }
    }

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(() => opened?.stop())

    it('has no row before it is written, and then the row as it was', async () => {
      const row = rowOf({ version: 7, commit: 12, body: '{"name":"Zürich"}' })
      expect(await store.get(row.view, row.row)).toBeUndefined()
      expect(await store.put(row, undefined)).toEqual({ stored: true })
      expect(await store.get(row.view, row.row)).toEqual(row)
    })

    it('refuses a first write where there is a row, and shows the row', async () => {
      const row = rowOf()
      await store.put(row, undefined)
      expect(await store.put({ ...row, body: '{}' }, undefined)).toEqual({ stored: false, present: row })
      expect(await store.get(row.view, row.row)).toEqual(row)
    })

    it('refuses a write whose expected version is not the stored one, above and below', async () => {
      const row = rowOf({ version: 2 })
      await store.put(row, undefined)
      expect(await store.put({ ...row, version: 3 }, 1)).toEqual({ stored: false, present: row })
      expect(await store.put({ ...row, version: 3 }, 3)).toEqual({ stored: false, present: row })
      expect(await store.put({ ...row, version: 3 }, 2)).toEqual({ stored: true })
    })

    it('refuses a write that expects a row where there is none', async () => {
      expect(await store.put(rowOf({ version: 2 }), 1)).toEqual({ stored: false, present: undefined })
    })

    it('lets one of many writers of a version win', async () => {
      const row = rowOf()
      await store.put(row, undefined)
      const writers = Array.from({ length: 8 }, (_, n) =>
        store.put({ ...row, version: 2, body: `{"n":${n}}` }, 1),
      )
      const written = await Promise.all(writers)
      expect(written.filter(({ stored }) => stored)).toHaveLength(1)
    })

    it('writes many rows at once, each under its own condition', async () => {
      const view = randomUUID()
      const names = Array.from({ length: 130 }, (_, n) => `row-${n}`)
      const rows = names.map((row) => rowOf({ view, row }))
      const first = await store.putMany(rows.map((row) => ({ row, expected: undefined })))
      expect(first).toEqual(rows.map(() => ({ status: 'fulfilled', value: { stored: true } })))

      const body = (n: number) => (n % 7 === 0 ? null : `{"n":${n},"of":"Zürich"}`)
      const next = rows.map((row, n) => ({ ...row, version: 2, commit: 2, body: body(n) }))
      // Of every three one expects another version and one no row at all.
      const expected = (n: number) => [1, 5, undefined][n % 3]
      const second = await store.putMany(next.map((row, n) => ({ row, expected: expected(n) })))
      expect(second).toEqual(
        rows.map((row, n) => ({
          status: 'fulfilled',
          value: n % 3 === 0 ? { stored: true } : { stored: false, present: row },
        })),
      )
      const absent = { view, row: 'absent' }
      const keys = [absent, ...rows]
      expect(await store.getMany(keys)).toEqual([
        undefined,
        ...rows.map((row, n) => (n % 3 === 0 ? next[n] : row)),
      ])
      const [nothing] = await store.putMany([{ row: rowOf({ ...absent, version: 2 }), expected: 1 }])
      expect(nothing).toEqual({ status: 'fulfilled', value: { stored: false, present: undefined } })
    })

    it('writes a row over a tombstone, and a tombstone over a row, among many', async () => {
      const view = randomUUID()
      const [dead, alive] = [rowOf({ view, row: 'a', body: null }), rowOf({ view, row: 'b' })]
      await store.putMany([dead, alive].map((row) => ({ row, expected: undefined })))
      const turned = [
        { ...dead, version: 2, body: '{"n":2}' },
        { ...alive, version: 2, body: null },
      ]
      await store.putMany(turned.map((row) => ({ row, expected: 1 })))
      expect(await store.getMany([dead, alive])).toEqual(turned)
      expect((await store.page(view, { limit: 10 })).rows).toEqual([turned[0]])
    })

    it('leaves the others alone where a row can never be written', async () => {
      const view = randomUUID()
      const good = rowOf({ view, row: 'good' })
      const [long, other] = await store.putMany(
        [rowOf({ view, row: 'x'.repeat(1025) }), good].map((row) => ({ row, expected: undefined })),
      )
      expect(other).toEqual({ status: 'fulfilled', value: { stored: true } })
      // Only DynamoDB limits the length of a key.
      if (name !== 'memory')
        expect(long).toMatchObject({ status: 'rejected', reason: { name: 'ValidationException' } })
      expect(await store.get(view, 'good')).toEqual(good)
    })

    it('keeps tombstones with their version, and leaves them out of pages', async () => {
      const row = rowOf()
      await store.put(row, undefined)
      await store.put({ ...row, row: 'b' }, undefined)
      await store.put({ ...row, version: 2, body: null }, 1)
      expect(await store.get(row.view, 'a')).toMatchObject({ version: 2, body: null })
      expect((await store.page(row.view, { limit: 10 })).rows.map((found) => found.row)).toEqual(['b'])
    })

    it.each([false, true])('pages in the order of the bytes, descending: %s', async (descending) => {
      const view = randomUUID()
      const names = ['Z', 'a', 'a#1', 'b', 'é', '日', '😀']
      for (const row of [...names].reverse()) await store.put(rowOf({ view, row }), undefined)
      const found: string[] = []
      let after: string | undefined
      do {
        const page = await store.page(view, { after, limit: 2, descending })
        found.push(...page.rows.map(({ row }) => row))
        after = page.last
      } while (after !== undefined)
      expect(found).toEqual(descending ? names.toReversed() : names)
    })

    it('pages rows with a prefix only', async () => {
      const view = randomUUID()
      for (const row of ['api', 'api@1', 'api@2', 'apj']) await store.put(rowOf({ view, row }), undefined)
      const page = await store.page(view, { prefix: 'api@', limit: 10 })
      expect(page).toMatchObject({ rows: [{ row: 'api@1' }, { row: 'api@2' }], last: undefined })
    })

    it('holds what a projector makes of a history, each commit delivered by itself and twice', async () => {
      const { log, upgrade } = await historyOf(7)
      const projector = projectorOver(
        store,
        log,
        memoryParked(() => 0),
      )
      for (const commit of commitsOf(log.records)) {
        for (const _ of ['once', 'again']) expect(await projector.project([commit])).toEqual([])
      }
      for (const row of await plainFold(log)) expect(await store.get(row.view, row.row)).toEqual(row)
      expect(await viewsOver(store).getUpgrade(upgrade)).toBeDefined()
    })
  })
}
