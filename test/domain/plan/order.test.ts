import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Placed } from '../../../functions/domain/plan/candidate.ts'
import { CandidateList } from '../../../functions/domain/plan/candidate-list.ts'
import { putInOrder } from '../../../functions/domain/plan/order.ts'
import { makePlan } from '../../../functions/domain/plan/plan.ts'
import { requestOf } from '../upgrade/world.ts'

const seed = 'ab'.repeat(32)

/** The order as the design states it, with no regard to memory. */
function statedOrder(members: readonly Placed[], canaries: readonly string[]): string[] {
  const drawOf = ({ target }: Placed) => createHmac('sha256', seed).update(target).digest('hex')
  const strata = Map.groupBy(members, ({ critical, target, type, region }) =>
    JSON.stringify([critical, canaries.includes(target), type, region]),
  )
  const placed = [...strata.values()].flatMap((stratum) =>
    stratum
      .map((member) => ({ member, draw: drawOf(member) }))
      .sort((a, b) => (a.draw < b.draw ? -1 : 1))
      .map(({ member: { target, critical }, draw }, place) => {
        const canary = canaries.indexOf(target)
        const rank = critical ? 2 : canary < 0 ? 1 : 0
        const share = rank === 0 ? canary : (place + 0.5) / stratum.length
        return { target, rank, share, draw }
      }),
  )
  placed.sort((a, b) => a.rank - b.rank || a.share - b.share || (a.draw < b.draw ? -1 : 1))
  return placed.map(({ target }) => target)
}

const members = fc.uniqueArray(
  fc.record({
    target: fc.string({ minLength: 1, maxLength: 6 }),
    type: fc.constantFrom('node', 'appliance'),
    region: fc.constantFrom('eu', 'us', null),
    critical: fc.boolean(),
  }),
  { selector: ({ target }) => target, maxLength: 60 },
)

it('is the order that the design states', () => {
  fc.assert(
    fc.property(members, fc.nat(5), (all, named) => {
      const canaries = all.slice(0, named).map(({ target }) => target)
      const list = new CandidateList()
      for (const one of all) list.add({ ...one, from: '1.0.0', active: null, pinned: false, retired: false })
      const order = Uint32Array.from(all.keys())
      putInOrder(order, list, seed, canaries)
      expect(Array.from(order, (place) => list.targetAt(place))).toEqual(statedOrder(all, canaries))
    }),
  )
})

/** A fleet in which everything occurs that the order and the chunks tell apart. */
const fleet = Array.from({ length: 1000 }, (_, place) => ({
  target: `target-${place}`,
  type: ['customer_instance', 'node', 'appliance'][place % 3] ?? '',
  region: ['eu', 'us', null][place % 5] ?? null,
  critical: place % 50 === 7,
  from: place % 11 === 0 ? null : `1.${place % 4}.0`,
  to: `1.${place % 3}.0`,
  active: null,
  pinned: place % 13 === 0,
  retired: place % 17 === 0,
  ...(place % 6 === 0 && { hours: 1 + (place % 5) }),
  ...(place % 19 === 0 && { excluded: 'member_elsewhere' as const }),
}))
const selection = { targets: null, types: null, regions: null, tags: null, canaries: [] }
const canaries = ['target-5', 'target-3', 'target-7']

// What was approved names a plan by its hash: the same request over the same facts must not have another one.
describe('the hash of a plan stays what it was', () => {
  const known: [string, Partial<UpgradeRequest>, deploy: string, rollback: string][] = [
    [
      'all',
      {},
      '8bf6e0f6bff96e3f4641dcdc52c001243475856123211a67ade2dbcc21d152eb',
      '74277872014f88d4c7be55f934cd4830e13b6fee6295c6a9e98a91e8ec4edf91',
    ],
    [
      'canary',
      { strategy: 'canary', canaryPercent: 10 },
      '7f7410877e3579eaf72719438f790676d94916249a11f4df92f41c20e52e44ac',
      '09d41a3674732f656888a5976b1e34e05b2ac884eb56154ab606392fff5a5d6b',
    ],
    [
      'batch',
      { strategy: 'batch', batchSize: 70 },
      'f7fe3e75405ad3a46fcbd3aca7fac7943a1beb1be6438f9079121257cc800ab3',
      '4d30eedf30eec2748537701ec72ad2430a899189e99115aee6d4dc40a9bba5b9',
    ],
    [
      'canaries that are named',
      { strategy: 'canary', canaryPercent: null, selection: { ...selection, canaries } },
      '6da1863ff2932d6c566d7af9cb137e1a6bcdb1b063d06d327217816038cf556c',
      'dbc3c39a0f155e942dbb32f1812ff9b8ddf938c72ae836f42e8f84fb8a5497d5',
    ],
  ]
  it.each(known)('%s', (_strategy, changes, deploy, rollback) => {
    const hashOf = (facts: Pick<Parameters<typeof makePlan>[0], 'release' | 'releases' | 'request'>) => {
      const made = makePlan({ ...facts, candidates: fleet, policyVersion: 0 })
      return 'plan' in made ? made.plan.planHash : made.rejected.code
    }
    const release = { version: '1.3.0', digest: 'sha256:1', releaseVersion: 1 }
    expect(hashOf({ request: requestOf(changes), release })).toBe(deploy)
    const back = requestOf({ ...changes, kind: 'rollback', parent: 'a' })
    const releases = new Map([['1.0.0', { digest: 'sha256:0', withdrawn: null }]])
    expect(hashOf({ request: back, release: null, releases })).toBe(rollback)
  })
})
