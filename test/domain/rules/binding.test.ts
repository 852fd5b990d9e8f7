import { describe, expect, it } from 'vitest'
import type { PolicySelector } from '../../../events/rules.ts'
import { type Bound, bindingOf, parallelOf, selects } from '../../../functions/domain/rules/binding.ts'
import { everyUpgrade, policyOf } from './documents.ts'

const bound = (changes: Partial<Bound> = {}): Bound => ({
  ...{ kind: 'deploy', component: 'api', types: null, regions: null, tags: null },
  ...changes,
})
const selector = (changes: Partial<PolicySelector>): PolicySelector => ({ ...everyUpgrade, ...changes })

describe('a policy binds', () => {
  const cases: readonly (readonly [words: string, PolicySelector, Bound, boolean])[] = [
    ['everything, where it says nothing', everyUpgrade, bound(), true],
    ['its components', selector({ components: ['api'] }), bound(), true],
    ['no other component', selector({ components: ['web'] }), bound(), false],
    ['whoever does not say his regions', selector({ regions: ['eu'] }), bound(), true],
    ['whoever says one of them', selector({ regions: ['eu', 'us'] }), bound({ regions: ['us', 'ap'] }), true],
    ['nobody who says others', selector({ regions: ['eu'] }), bound({ regions: ['us'] }), false],
    ['nobody of other types', selector({ types: ['edge'] }), bound({ types: ['core'] }), false],
    [
      'whoever does not say his environment',
      selector({ environments: ['prod'] }),
      bound({ tags: { a: 'b' } }),
      true,
    ],
    [
      'its environments',
      selector({ environments: ['prod'] }),
      bound({ tags: { environment: 'prod' } }),
      true,
    ],
    ['no other one', selector({ environments: ['prod'] }), bound({ tags: { environment: 'qa' } }), false],
    ['its tags', selector({ tags: { tier: 'gold' } }), bound({ tags: { tier: 'gold', a: 'b' } }), true],
    [
      'no other value of a tag',
      selector({ tags: { tier: 'gold' } }),
      bound({ tags: { tier: 'tin' } }),
      false,
    ],
    ['a tag by a name of every object', selector({ tags: { constructor: 'x' } }), bound({ tags: {} }), true],
    [
      'only what all of it means',
      selector({ components: ['api'], regions: ['eu'] }),
      bound({ regions: ['us'] }),
      false,
    ],
  ]
  it.each(cases)('%s', (_words, asked, upgrade, binds) => {
    expect(selects(asked, upgrade)).toBe(binds)
  })

  it('while it is in service', () => {
    const withdrawn = { reason: 'x', by: 'admin-1', at: '2026-03-01T12:00:00.000Z' }
    expect(bindingOf([policyOf('a'), { ...policyOf('b'), withdrawn }], bound())).toEqual([policyOf('a')])
  })

  it('with the smallest number in flight of all of them', () => {
    expect(parallelOf([policyOf('a', { parallel: 7 }), policyOf('b'), policyOf('c', { parallel: 3 })])).toBe(
      3,
    )
    expect(parallelOf([policyOf('a')])).toBeNull()
  })
})
