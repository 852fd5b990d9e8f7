import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProfileDefinition } from '../../events/profile.ts'
import { type Targetable, targetsOf } from '../../functions/domain/profile/targeting.ts'

type Filters = ProfileDefinition['resource_filters']

const definition = (filters: Partial<Filters> = {}, component: string | null = null) => ({
  upgrade_settings: {
    target_version: 'stable',
    component,
    pre_upgrade_checks: true,
    rollback_on_failure: true,
    notification_enabled: true,
    parallel_upgrades: 3,
    canary_percentage: null,
    attempt_minutes: 60,
    expected_minutes: 5,
  },
  resource_filters: {
    resource_types: ['publisher'],
    tags: [],
    regions: [],
    exclude_critical: false,
    exclude_canary_resources: false,
    ...filters,
  },
})

const override = { maintenance_window_hours: null, rollback_on_failure: null }
const memberOf = (profile: string, priority = 5) => ({ [profile]: { priority, override } })

function target(
  id: string,
  changes: Partial<Targetable['facts']> = {},
  rest: Partial<Targetable> = {},
): Targetable {
  const facts = {
    ...{ type: 'publisher', region: 'us-east-1', tags: {}, critical: false, namespace: null, gateway: null },
    ...changes,
  }
  return { id, facts, components: { publisher: '4.1.0' }, retired: null, memberships: {}, ...rest }
}

const facts = { profiles: new Set(['weekly', 'monthly']), canaryResources: new Set<string>() }
const membersOf = (wanted: ReturnType<typeof definition>, ...targets: Targetable[]) =>
  targetsOf('weekly', wanted, targets, facts).members.map((member) => member.target)
const leftOutOf = (wanted: ReturnType<typeof definition>, ...targets: Targetable[]) =>
  targetsOf('weekly', wanted, targets, facts).leftOut

describe('filters', () => {
  it('mean types, every tag, and any region', () => {
    const wanted = definition({
      resource_types: ['publisher', 'local_broker'],
      tags: [
        { key: 'environment', value: 'production' },
        { key: 'tier', value: 'gold' },
      ],
      regions: ['us-east-1', 'us-west-2'],
    })
    const tags = { environment: 'production', tier: 'gold', more: 'x' }
    expect(
      membersOf(
        wanted,
        target('publisher', { tags }),
        target('broker', { type: 'local_broker', region: 'us-west-2', tags }),
        target('application', { type: 'application', tags }),
        target('one tag', { tags: { environment: 'production' } }),
        target('other value', { tags: { ...tags, tier: 'silver' } }),
        target('elsewhere', { region: 'eu-west-1', tags }),
        target('nowhere', { region: null, tags }),
      ),
    ).toEqual(['broker', 'publisher'])
  })

  it('without regions mean every region, and none too', () => {
    expect(membersOf(definition(), target('a', { region: null }), target('b'))).toEqual(['a', 'b'])
  })

  it('take no tag from the prototype of an object', () => {
    const wanted = definition({ tags: [{ key: 'constructor', value: 'x' }] })
    expect(membersOf(wanted, target('a'))).toEqual([])
  })

  it('exclude what is critical or retired, and say so', () => {
    const critical = target('critical', { critical: true })
    const retired = target('retired', {}, { retired: { reason: 'sold', since: '2026-01-01T00:00:00.000Z' } })
    expect(membersOf(definition(), critical, retired)).toEqual(['critical'])
    expect(
      leftOutOf(definition({ exclude_critical: true }), critical, retired, target('other', { type: 'x' })),
    ).toEqual([
      { target: 'critical', reason: 'critical' },
      { target: 'retired', reason: 'retired' },
    ])
  })

  it('exclude what a canary execution of the same release took', () => {
    const wanted = definition({ exclude_canary_resources: true })
    const taken = { ...facts, canaryResources: new Set(['a']) }
    const found = targetsOf('weekly', wanted, [target('a'), target('b')], taken)
    expect(found.members.map((member) => member.target)).toEqual(['b'])
    expect(found.leftOut).toEqual([{ target: 'a', reason: 'canary_resource' }])
    expect(targetsOf('weekly', definition(), [target('a')], taken).members).toHaveLength(1)
  })
})

describe('memberships', () => {
  it('make members of targets that no filter means, but do not lift an exclusion', () => {
    const memberships = memberOf('weekly')
    const application = target('application', { type: 'application' }, { memberships })
    const critical = target('critical', { critical: true }, { memberships })
    expect(membersOf(definition(), application)).toEqual(['application'])
    expect(leftOutOf(definition({ exclude_critical: true }), critical)).toEqual([
      { target: 'critical', reason: 'critical' },
    ])
  })

  it('take a target out of the filters of other profiles, unless their profile is gone', () => {
    const elsewhere = target('a', {}, { memberships: memberOf('monthly') })
    expect(leftOutOf(definition(), elsewhere)).toEqual([{ target: 'a', reason: 'member_elsewhere' }])
    const orphan = target('b', {}, { memberships: memberOf('deleted') })
    expect(membersOf(definition(), orphan)).toEqual(['b'])
  })

  it('may be to several profiles', () => {
    const both = target('a', {}, { memberships: { ...memberOf('monthly'), ...memberOf('weekly') } })
    expect(membersOf(definition(), both)).toEqual(['a'])
  })

  it('put priority 1 first; who comes by the filters has the default', () => {
    const at = (id: string, priority: number) => target(id, {}, { memberships: memberOf('weekly', priority) })
    expect(membersOf(definition(), at('low', 6), target('filtered'), at('first', 1), at('also', 1))).toEqual([
      'also',
      'first',
      'filtered',
      'low',
    ])
  })

  it('bring the overrides of the target', () => {
    const own = { maintenance_window_hours: 2, rollback_on_failure: false }
    const memberships = { weekly: { priority: 1, override: own } }
    expect(targetsOf('weekly', definition(), [target('a', {}, { memberships })], facts).members).toEqual([
      { target: 'a', component: 'publisher', from: '4.1.0', priority: 1, named: true, override: own },
    ])
  })
})

it('the component is the one that is named, else the one that bears the name of the type', () => {
  const components = { publisher: '4.1.0', agent: '1.0.0' }
  const one = target('a', {}, { components })
  const from = (component: string | null) =>
    targetsOf('weekly', definition({}, component), [one], facts).members.map((member) => member.from)
  expect([from(null), from('agent'), from('none')]).toEqual([['4.1.0'], ['1.0.0'], [null]])
})

it('property: each target is upgraded by the filters of at most the profiles that nobody took it from, in any order', () => {
  const profiles = ['weekly', 'monthly', 'deleted']
  const memberships = fc
    .subarray(profiles)
    .map((names) => Object.assign({}, ...names.map((name) => memberOf(name))))
  const targets = fc
    .array(fc.record({ critical: fc.boolean(), type: fc.constantFrom('publisher', 'x'), memberships }), {
      maxLength: 12,
    })
    .map((all) =>
      all.map(({ memberships, ...changes }, index) => target(`t${index}`, changes, { memberships })),
    )
  fc.assert(
    fc.property(targets, fc.boolean(), fc.nat(), (all, exclude_critical, turn) => {
      const wanted = definition({ exclude_critical })
      const found = targetsOf('weekly', wanted, all, facts)
      const turned = [...all.slice(turn % (all.length + 1)), ...all.slice(0, turn % (all.length + 1))]
      expect(targetsOf('weekly', wanted, turned, facts)).toEqual(found)
      const names = new Set(found.members.map((member) => member.target))
      for (const one of all) {
        const mine = 'weekly' in one.memberships
        const free = !('monthly' in one.memberships)
        const spared = exclude_critical && one.facts.critical
        expect(names.has(one.id)).toBe(!spared && (mine || (one.facts.type === 'publisher' && free)))
      }
    }),
  )
})
