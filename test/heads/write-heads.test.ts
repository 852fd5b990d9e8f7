import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CataloguePlace } from '../../events/heads.ts'
import { audit } from '../../functions/audit/audit.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { writeDailyHeads, writeHeads } from '../../functions/heads/write-heads.ts'
import { logOver } from '../../functions/log/append.ts'
import { streamHeads } from '../../functions/log/heads.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import { OnTheirOwn } from '../../functions/side-by-side.ts'
import { metadata } from '../log/account.ts'
import { memorySigner, memoryVault } from './memory-vault.ts'

const hour = 3600 * 1000
const facts = { type: 'publisher', region: null, tags: {}, critical: false, namespace: null, gateway: null }

/** A log with so many targets, and what writes its heads. */
async function world(targets: number) {
  const clock = { now: Date.parse('2026-03-02T08:00:00Z') }
  const store = memoryStore()
  const log = logOver(store, { now: () => clock.now })
  const add = (id: string) =>
    log.execute(
      targetAggregate,
      id,
      registerTarget({ facts, components: { api: '1.0.0' }, enrolment: null }),
      metadata,
    )
  for (let n = 0; n < targets; n++) {
    clock.now += 1000
    await add(`t${n}`)
  }
  const [vault, signer] = [memoryVault(), memorySigner()]
  const services = { streamHeads: streamHeads(store), vault, signer, now: () => clock.now }
  const write = (limits: { size?: number; forSoLong?: number } = {}) =>
    writeHeads(services, new OnTheirOwn(), limits)
  return { clock, store, add, vault, signer, services, write }
}

const streamsIn = (documents: ReturnType<ReturnType<typeof memoryVault>['documents']>, day: string) =>
  documents.filter((one) => one.day === day).flatMap(({ heads }) => heads.map(([stream]) => stream))

describe('the heads of a day', () => {
  test('are written once, in pieces of a bounded size, whatever the number of streams', async () => {
    const { vault, write } = await world(23)
    expect(await write({ size: 5 })).toEqual({ day: '2026-03-02', whole: true, documents: 5, heads: 23 })
    expect(Math.max(...vault.documents().map(({ heads }) => heads.length))).toBe(5)
    expect(vault.documents().map(({ through }) => through === null)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
    expect(new Set(streamsIn(vault.documents(), '2026-03-02')).size).toBe(23)
    expect(await write({ size: 5 })).toEqual({ day: '2026-03-02', whole: true, documents: 0, heads: 0 })
  })

  test('are written anew the next day, following from those of the day before', async () => {
    const { clock, vault, signer, store, add, write } = await world(7)
    await write({ size: 3 })
    clock.now += 24 * hour
    await add('new')
    await write({ size: 3 })
    expect(new Set(streamsIn(vault.documents(), '2026-03-03')).size).toBe(8)
    const commits = (
      await Promise.all(
        [...Array(7).keys(), 'new'].map((n) =>
          store.read({
            stream: `target#${n === 'new' ? n : `t${n}`}`,
            from: 1,
            to: 9,
            descending: false,
            consistent: true,
          }),
        ),
      )
    ).flatMap((page) => page.commits)
    expect(
      (await audit(commits, { signed: { documents: vault.documents(), key: signer.key } })).findings,
    ).toEqual([])
  })

  test('are written again after a clock that ran ahead is right, and follow from what it wrote', async () => {
    const { clock, vault, signer, write } = await world(3)
    clock.now += 700 * 24 * hour
    await write()
    clock.now -= 699 * 24 * hour
    expect(await write()).toMatchObject({ day: '2026-03-03', whole: true, documents: 1 })
    expect(await write()).toMatchObject({ documents: 0 })
    const { findings } = await audit([], { signed: { documents: vault.documents(), key: signer.key } })
    expect(findings.filter(({ invariant }) => invariant === 'L3')).toEqual([])
  })

  test('are there for an empty log too', async () => {
    const { vault, write } = await world(0)
    expect(await write()).toMatchObject({ whole: true, documents: 1 })
    expect(vault.documents()).toMatchObject([{ number: 1, previous: '', heads: [], through: null }])
  })

  test('go on where the last invocation came to, when that ran out of time', async () => {
    const { clock, vault, write, services } = await world(23)
    const { sign } = services.signer
    services.signer.sign = async (text) => {
      clock.now += 60_000
      return sign(text)
    }
    expect(await write({ size: 5, forSoLong: 90_000 })).toMatchObject({
      whole: false,
      documents: 2,
      heads: 10,
    })
    expect(await write({ size: 5, forSoLong: 90_000 })).toMatchObject({
      whole: false,
      documents: 2,
      heads: 10,
    })
    // Midnight is past: the round that began yesterday ends first, and another one begins.
    clock.now += 24 * hour
    expect(await write({ size: 5, forSoLong: 90_000 })).toMatchObject({
      day: '2026-03-03',
      whole: false,
      documents: 2,
    })
    expect(new Set(streamsIn(vault.documents(), '2026-03-02')).size).toBe(23)
    while (!(await write({ size: 5, forSoLong: 90_000 })).whole);
    expect(new Set(streamsIn(vault.documents(), '2026-03-03')).size).toBe(23)
  })

  test('are one chain with every stream in it, wherever invocations are killed, and however many run at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
        fc.nat({ max: 12 }),
        async (kills, targets) => {
          const { vault, signer, services, write } = await world(targets)
          const alive = (points: number) => {
            let left = points
            const point = () => (left-- > 0 ? Promise.resolve() : new Promise<never>(() => {}))
            const keep: typeof vault.keep = async (document) => {
              await point()
              const kept = await vault.keep(document)
              await point()
              return kept
            }
            return { ...services, vault: { ...vault, keep } }
          }
          for (const points of kills) void writeHeads(alive(points), new OnTheirOwn(), { size: 2 })
          await Promise.all([write({ size: 2 }), write({ size: 2 })])
          while (!(await write({ size: 2 })).whole);
          const documents = vault.documents()
          const { findings } = await audit([], { signed: { documents, key: signer.key } })
          expect(findings.filter(({ invariant }) => invariant === 'L3')).toEqual([])
          expect(new Set(streamsIn(documents, '2026-03-02')).size).toBe(targets)
          expect(documents.flatMap(({ heads }) => heads)).toHaveLength(targets)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('leave out a stream that cannot be read, name it, and go on with all others', async () => {
    const { services, vault } = await world(9)
    const { of } = services.streamHeads
    services.streamHeads.of = (stream) =>
      stream === 'target#t4' ? Promise.reject(new Error('no commit')) : of(stream)
    await expect(writeDailyHeads(services)).rejects.toThrow(
      '1 failed: target#t4. The first: Error: no commit',
    )
    expect(new Set(streamsIn(vault.documents(), '2026-03-02')).size).toBe(8)
  })

  test('name a stream that the Catalogue lists and that is gone', async () => {
    const { services } = await world(2)
    const { listed } = services.streamHeads
    services.streamHeads.listed = async function* (after?: CataloguePlace) {
      yield { category: 'target#00', since: '2026-03-02T08:00:00.000Z', stream: 'target#gone' }
      yield* listed(after)
    }
    await expect(writeDailyHeads(services)).rejects.toThrow(
      'target#gone, which the Catalogue lists, is not in the log',
    )
  })
})
