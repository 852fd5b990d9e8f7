import { describe, expect, it } from 'vitest'
import {
  type Candidate,
  candidateOf,
  type KnownTarget,
  selects,
} from '../../../functions/domain/plan/candidate.ts'
import { later } from '../given.ts'
import { accepted, assigned, facts, fold, registered } from '../target/stories.ts'
import { requestOf } from '../upgrade/world.ts'

const known: KnownTarget = fold([registered])

describe('a target as a plan for one component sees it', () => {
  it('has its facts, and the version that it runs of the component', () => {
    expect(candidateOf('customer-1', known, 'api')).toEqual({
      target: 'customer-1',
      type: 'customer_instance',
      region: 'eu-central-1',
      tags: { tier: 'gold' },
      critical: false,
      from: '1.1.0',
      active: null,
      pinned: false,
      retired: false,
      gateway: null,
      environment: null,
      licence: null,
      withoutAgent: true,
    })
  })
  it('runs no version of a component that it does not have', () => {
    expect(candidateOf('customer-1', known, 'cache').from).toBeNull()
  })
  it('is in the upgrade whose attempt is under way on it; a row about it knows of none', () => {
    expect(candidateOf('customer-1', fold([registered, assigned(), accepted()]), 'api').active).toBe('u1')
    const { active: _, ...row } = fold([registered, assigned()])
    expect(candidateOf('customer-1', row, 'api').active).toBeNull()
  })
  it('is pinned by a pin on the component, or on all of them', () => {
    const pinned = (component: string | null) => {
      const pin = { type: 'TargetPinned', data: { component, reason: 'audit', revision: 2 } } as const
      return candidateOf('customer-1', fold([registered, pin]), 'api').pinned
    }
    expect([pinned('api'), pinned(null), pinned('web')]).toEqual([true, true, false])
  })
  it('is retired, critical or behind a gateway as its stream says', () => {
    const retired = { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } } as const
    expect(candidateOf('customer-1', fold([registered, [retired, later(60)]]), 'api').retired).toBe(true)
    const special = { ...known, facts: { ...facts, critical: true, gateway: 'gateway-1' } }
    expect(candidateOf('customer-1', special, 'api')).toMatchObject({ critical: true, gateway: 'gateway-1' })
  })
  it('that nobody registered is of no type, in no region and runs nothing', () => {
    expect(candidateOf('customer-9', fold([]), 'api')).toMatchObject({
      ...{ type: '', region: null, tags: {}, critical: false, from: null, retired: false },
    })
  })
})

describe('a selection', () => {
  const candidate = candidateOf('customer-1', known, 'api')
  const { selection } = requestOf()
  const means = (changes: Partial<typeof selection>, who: Candidate = candidate) =>
    selects({ ...selection, ...changes }, who)

  it('that names nothing means everybody', () => {
    expect(means({})).toBe(true)
  })
  it('means who has one of the ids, types and regions that it lists', () => {
    expect([means({ targets: ['customer-1', 'customer-2'] }), means({ targets: ['customer-2'] })]).toEqual([
      true,
      false,
    ])
    expect([means({ types: ['node', 'customer_instance'] }), means({ types: ['node'] })]).toEqual([
      true,
      false,
    ])
    expect([means({ regions: ['us', 'eu-central-1'] }), means({ regions: ['us'] })]).toEqual([true, false])
    expect([means({ targets: [] }), means({ types: [] }), means({ regions: [] })]).toEqual([
      false,
      false,
      false,
    ])
  })
  it('of regions means nobody who is in none', () => {
    expect(means({ regions: ['eu-central-1'] }, { ...candidate, region: null })).toBe(false)
  })
  it('means who has all the tags that it names', () => {
    const tagged = { ...candidate, tags: { tier: 'gold', size: 'l' } }
    expect(means({ tags: { tier: 'gold', size: 'l' } }, tagged)).toBe(true)
    expect(means({ tags: { tier: 'gold', size: 's' } }, tagged)).toBe(false)
    expect(means({ tags: { tier: 'gold', ring: '1' } }, tagged)).toBe(false)
    expect(means({ tags: {} }, tagged)).toBe(true)
  })
  it('means who has all that it names', () => {
    const all = {
      targets: ['customer-1'],
      types: ['customer_instance'],
      regions: ['eu-central-1'],
      tags: { tier: 'gold' },
    }
    expect(means(all)).toBe(true)
    for (const other of [{ targets: ['x'] }, { types: ['x'] }, { regions: ['x'] }, { tags: { tier: 'x' } }])
      expect(means({ ...all, ...other })).toBe(false)
  })
})
