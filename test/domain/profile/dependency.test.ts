import { describe, expect, it } from 'vitest'
import { dependenciesOf, type Upstream, unmetBy } from '../../../functions/domain/profile/dependency.ts'
import { definition, upstreamWith } from './world.ts'

const rollouts = [{ component: 'publisher', version: 'v4.2.1' }]
const unmet = (...upstreams: Upstream[]) => unmetBy(upstreams, rollouts)

describe('a profile that depends on another', () => {
  it('opens for the release that the other has rolled out well, however that is spelt', () => {
    expect(unmet(upstreamWith())).toBeUndefined()
    expect(unmet()).toBeUndefined()
  })
  it.each<[string, Upstream, RegExp]>([
    ['there is no such profile', upstreamWith({}, { status: null }), /gone.*depends_on/],
    ['it was deleted', upstreamWith({}, { status: 'deleted' }), /gone/],
    [
      'a critical failure took it out of service',
      upstreamWith({}, { status: 'error', outOfService: 'Critical failures' }),
      /error: Critical failures.*status to active/,
    ],
    ['somebody did', upstreamWith({}, { status: 'inactive', outOfService: null }), /inactive/],
    [
      'it has not finished',
      upstreamWith({}, { running: { upgrade: 'c2', component: 'publisher' } }),
      /not finished upgrade c2/,
    ],
    ['nobody knows what runs', upstreamWith({}, { running: { upgrade: 'c2', component: null } }), /c2/],
    ['it never ran', upstreamWith(null), /no execution of publisher v4.2.1.*executions/],
    ['it rolled out another release', upstreamWith({ version: '4.2.0' }), /no execution of publisher v4.2.1/],
    ['it rolled out another component', upstreamWith({ component: 'broker' }), /no execution/],
    ['it was taken back', upstreamWith({ takenBack: 'b1' }), /taken back by b1/],
    ['it failed, four of five well', upstreamWith({ status: 'failed', succeeded: 80, failed: 20 }), /failed/],
    ['it was cancelled', upstreamWith({ status: 'cancelled' }), /ended as cancelled/],
    ['too few are well', upstreamWith({ succeeded: 94, failed: 6 }), /94 %.*95 % is needed/],
    ['it is one of one', upstreamWith({ succeeded: 1 }), /1 resources.*2 are needed.*min_resources/],
  ])('does not when %s, and is told what would meet it', (_, upstream, words) => {
    expect(unmet(upstream)).toMatch(words)
    expect(unmet(upstreamWith(), upstream)).toMatch(words)
  })
  it('opens at the very figures that are needed', () => {
    expect(unmet(upstreamWith({ succeeded: 95, failed: 5 }))).toBeUndefined()
    expect(unmet(upstreamWith({ succeeded: 2 }))).toBeUndefined()
  })
  it('waits for no other component that runs there', () => {
    expect(unmet(upstreamWith({}, { running: { upgrade: 'c2', component: 'broker' } }))).toBeUndefined()
  })
  it('goes by the last execution, and counts the resources of all that stand', () => {
    const [well] = upstreamWith().executions
    const [one] = upstreamWith({ upgrade: 'c2', succeeded: 1 }).executions
    const [back] = upstreamWith({ upgrade: 'c2', succeeded: 1, takenBack: 'b1' }).executions
    if (!well || !one || !back) throw new Error('Each is one execution.')
    expect(unmet(upstreamWith(null, { executions: [well, one] }))).toBeUndefined()
    expect(unmet(upstreamWith(null, { executions: [well, back] }))).toMatch('taken back')
    expect(unmet(upstreamWith(null, { executions: [back, one] }))).toMatch('1 resources')
  })
  it('does not open for a version that is not known', () => {
    expect(unmetBy([upstreamWith()], [{ component: 'publisher', version: null }])).toMatch('not known')
  })
})

describe('what leaves canary resources out', () => {
  const filters = definition.resource_filters
  const settings = definition.upgrade_settings
  const rest = { ...definition, resource_filters: { ...filters, exclude_canary_resources: true } }
  const canary = { ...definition, upgrade_settings: { ...settings, canary_percentage: 10 } }
  const standard = { minSuccessRate: 95, minResources: 2 }
  const none = new Set<string>()
  const on = (...others: [string, typeof definition][]) =>
    dependenciesOf(
      'rest',
      rest,
      others.map(([id, other]) => ({ id, definition: other })),
      none,
    ).map(({ profile }) => profile)

  it('depends on what leaves the rest to it', () => {
    expect(dependenciesOf('rest', rest, [{ id: 'canary', definition: canary }], none)).toEqual([
      { profile: 'canary', ...standard },
    ])
    expect(on(['canary', canary], ['other', canary], ['rest', rest])).toEqual(['canary', 'other'])
  })
  it('depends on whose canaries it passes over', () => {
    expect(dependenciesOf('rest', rest, [], new Set(['elsewhere']))).toEqual([
      { profile: 'elsewhere', ...standard },
    ])
  })
  it('depends on no profile of other resources, without canaries, or that waits for it', () => {
    const broker = { ...canary, resource_filters: { ...filters, resource_types: ['broker'] } }
    const waits = { ...canary, depends_on: { profile_id: 'rest', min_success_rate: 95, min_resources: 2 } }
    const both = { ...canary, resource_filters: { ...filters, exclude_canary_resources: true } }
    expect(on(['a', broker], ['b', definition], ['c', waits], ['d', both])).toEqual([])
  })
  it('depends on the one that it names alone', () => {
    const depends_on = { profile_id: 'named', min_success_rate: 80, min_resources: 5 }
    expect(
      dependenciesOf('rest', { ...rest, depends_on }, [{ id: 'canary', definition: canary }], none),
    ).toEqual([{ profile: 'named', minSuccessRate: 80, minResources: 5 }])
    expect(dependenciesOf('any', definition, [{ id: 'canary', definition: canary }], none)).toEqual([])
  })
})
