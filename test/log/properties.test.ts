import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyChain } from '../../events/envelope.ts'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import type { Put, Store } from '../../functions/log/store.ts'
import { WarmFolds } from '../../functions/log/warm-folds.ts'
import { account, accountWith, deposit, metadata } from './account.ts'
import { collect } from './collect.ts'

/** What happens to one sending of a commit on its way to the store and back. */
const fates = ['answered', 'lost before', 'lost after', 'sent twice', 'refused'] as const
type Fate = (typeof fates)[number]

/** A store whose calls are ordered by `scheduler` and whose writes meet `fates`, one after another. */
function faulty(store: Store, scheduler: fc.Scheduler, fates: Iterator<Fate>): Store {
  const put = async (commit: Parameters<Store['put']>[0]): Promise<Put> => {
    const fate = fates.next().value ?? 'answered'
    if (fate === 'refused') return { kind: 'refused', error: new Error('throttled') }
    if (fate === 'lost before') return { kind: 'unknown', error: new Error('no answer') }
    const first = await store.put(commit)
    if (fate === 'lost after') return { kind: 'unknown', error: new Error('no answer') }
    return fate === 'sent twice' ? store.put(commit) : first
  }
  return {
    ...store,
    put: (commit) => scheduler.schedule(Promise.resolve(`put ${commit.commit}`)).then(() => put(commit)),
    read: (range) =>
      scheduler.schedule(Promise.resolve(`read ${range.stream}`)).then(() => store.read(range)),
  }
}

const writers = fc.array(fc.record({ deposits: fc.integer({ min: 1, max: 4 }), again: fc.boolean() }), {
  minLength: 3,
  maxLength: 8,
})

describe('the log under concurrent writers, lost answers and a clock that jumps', () => {
  it('loses no acknowledged event, doubles none, and keeps numbers, instants and chain in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        writers,
        fc.array(fc.constantFrom(...fates), { maxLength: 40 }),
        fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 20 }),
        async (scheduler, plans, planned, jumps) => {
          const store = memoryStore()
          const shared = faulty(store, scheduler, planned.values())
          let tick = 0
          const now = () => 1_800_000_000_000 + (jumps[tick++ % jumps.length] ?? 0)
          const acknowledged = new Set<string>()
          const refused = new Set<string>()

          const work = plans.map(async ({ deposits, again }, writer) => {
            // Every other one goes on from folds that it keeps, which the others overtake.
            const warm = writer % 2 === 0 ? { warm: new WarmFolds(10_000) } : {}
            const log = logOver(shared, { now, random: () => 0.5, pause: async () => {}, ...warm })
            for (let n = 0; n < deposits; n++) {
              const name = `${writer}/${n}`
              const keyed = { ...metadata, idempotency: { key: name, hash: 'h' } }
              for (let sending = 0; sending < (again ? 2 : 1); sending++) {
                try {
                  const { kind } = await log.execute(account, 'shared', deposit(1, name), keyed)
                  if (kind === 'committed' || kind === 'repeated') acknowledged.add(name)
                  else if (kind === 'contended') refused.add(name)
                  else throw new Error(`unexpected outcome ${kind}`)
                } catch (error) {
                  if (!(error instanceof Error) || error.message !== 'no answer') throw error
                  refused.delete(name)
                  break // the outcome is unknown: either is right
                }
              }
            }
          })
          await scheduler.waitFor(Promise.all(work))

          const log = logOver(store, { now })
          const commits = await collect(log.commits('account#shared'))
          const { state } = await log.load(account, 'shared')
          expect(commits.map(({ commit }) => commit)).toEqual(commits.map((_, index) => index + 1))
          expect(verifyChain(commits)).toBeUndefined()
          expect(commits.map(({ at }) => at)).toEqual(commits.map(({ at }) => at).sort())
          expect(new Set(state.notes).size).toBe(state.notes.length)
          for (const name of acknowledged) expect(state.notes).toContain(name)
          for (const name of refused) if (!acknowledged.has(name)) expect(state.notes).not.toContain(name)
          expect(state).toEqual((await log.load(accountWith({ snapshots: false }), 'shared')).state)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('folds the same from snapshots, from none, and at every past instant', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ cents: fc.nat(1000), wide: fc.boolean(), later: fc.nat(2) }), { maxLength: 50 }),
        async (deposits) => {
          let clock = 1_800_000_000_000
          const log = logOver(memoryStore(), { now: () => clock })
          const states = new Map<string, unknown>()
          for (const { cents, wide, later } of deposits) {
            clock += later
            const outcome = await log.execute(
              account,
              'a',
              deposit(cents, wide ? 'x'.repeat(40_000) : ''),
              metadata,
            )
            if (outcome.kind === 'committed') states.set(outcome.loaded.at, outcome.loaded)
          }
          for (const [at, loaded] of states) {
            expect(await log.load(account, 'a', { at })).toEqual(loaded)
            expect(await log.load(accountWith({ snapshots: false }), 'a', { at })).toEqual(loaded)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
