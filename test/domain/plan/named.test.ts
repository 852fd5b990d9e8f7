import { describe, expect, it } from 'vitest'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Candidate } from '../../../functions/domain/plan/candidate.ts'
import { refuseNamed } from '../../../functions/domain/plan/named.ts'
import { toldWarnings, Unmatched } from '../../../functions/domain/plan/warnings.ts'

function selection(changes: Partial<UpgradeRequest['selection']>): UpgradeRequest['selection'] {
  return { targets: null, types: null, regions: null, tags: null, canaries: [], ...changes }
}

const target = (name: string, type = 'publisher'): [string, Candidate] => [
  name,
  {
    ...{ target: name, type, region: 'eu', tags: { tier: 'gold' }, critical: false },
    ...{ from: '1.1.0', active: null, pinned: false, retired: false },
  },
]

describe('who is named', () => {
  const registered = new Map([target('a'), target('b', 'broker')])

  it('may be named when it is there and meant', () => {
    expect(refuseNamed(selection({}), registered)).toBeUndefined()
    expect(refuseNamed(selection({ targets: ['a', 'b'], canaries: ['b'] }), registered)).toBeUndefined()
    expect(refuseNamed(selection({ types: ['publisher'], canaries: ['a'] }), registered)).toBeUndefined()
  })

  it('is refused when it is not registered, at every place where it stands', () => {
    expect(refuseNamed(selection({ targets: ['a', 'x', 'y'], canaries: ['x'] }), registered)).toEqual({
      code: 'targets-not-registered',
      detail: '2 named targets are not registered: x, y.',
      fields: [
        { field: 'targets.ids.1', value: 'x', expected: 'a registered target' },
        { field: 'targets.ids.2', value: 'y', expected: 'a registered target' },
        { field: 'targets.canaries.0', value: 'x', expected: 'a registered target' },
      ],
    })
  })

  it.each([
    [{ targets: ['a'], canaries: ['b'] }],
    [{ types: ['publisher'], canaries: ['b'] }],
    [{ tags: { tier: 'gold' }, types: ['publisher'], canaries: ['a', 'b'] }],
  ])('is refused as a canary of %o, which leaves it out', (changes) => {
    expect(refuseNamed(selection(changes), registered)).toMatchObject({
      code: 'canary-outside-selection',
      detail: '1 named canary is not among the targets selected: b.',
      fields: [{ field: expect.stringMatching(/^targets\.canaries\.\d$/), value: 'b' }],
    })
  })

  it('is named a hundred times at most, ten of them in words, and counted', () => {
    const targets = Array.from({ length: 250 }, (_, place) => `x${place}`)
    const refused = refuseNamed(selection({ targets }), registered)
    expect(refused?.fields).toHaveLength(100)
    expect(refused?.detail).toMatch(/^250 named targets are not registered: x0, .*x9 and 240 more\.$/)
  })
})

describe('what no target has', () => {
  const asked = selection({
    types: ['publisher', 'borker'],
    regions: ['eu', 'us-wset'],
    tags: { tier: 'gold', stage: 'prod' },
  })

  it('is said of types, regions and tags, with the place in the request', () => {
    const unmatched = new Unmatched(asked)
    for (const [, shown] of [target('a'), target('b', 'broker')]) unmatched.show(shown)
    expect(unmatched.warnings).toEqual([
      {
        code: 'no_such_type',
        detail: 'No target is of the type borker.',
        field: 'targets.types.1',
        value: 'borker',
      },
      {
        code: 'no_such_region',
        detail: 'No target is in the region us-wset.',
        field: 'targets.regions.1',
        value: 'us-wset',
      },
      {
        code: 'no_such_tag',
        detail: 'No target has the tag stage with the value prod.',
        field: 'targets.tags.stage',
        value: 'prod',
      },
    ])
  })

  it('is said of those that are named, where some are', () => {
    const [first] = new Unmatched({ ...asked, targets: ['a'] }).warnings
    expect(first?.detail).toBe('None of the targets named is of the type publisher.')
  })

  it('is told 50 times at most, and counted beyond', () => {
    const types = Array.from({ length: 80 }, (_, place) => `t${place}`)
    const told = toldWarnings(new Unmatched(selection({ types })).warnings)
    expect(told).toHaveLength(50)
    expect(told.at(-1)).toMatchObject({ code: 'more_warnings', detail: '31 more warnings not told.' })
  })
})
