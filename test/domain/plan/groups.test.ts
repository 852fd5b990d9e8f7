import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { groupOf } from '../../../functions/domain/plan/after-wave.ts'
import { emptyGroups, groupValue } from '../../../functions/domain/plan/groups.ts'
import { makePlan, type Plan } from '../../../functions/domain/plan/plan.ts'
import { waveRange, waveSizes } from '../../../functions/domain/plan/waves.ts'
import { requestOf } from '../upgrade/world.ts'

type Groups = NonNullable<UpgradeRequest['groups']>

const release = { version: 'v1.2.0', digest: 'sha256:1', releaseVersion: 1 }

const byRegion = (order: readonly string[], others: Groups['others'] = 'refuse') =>
  requestOf({ strategy: 'groups', groups: { by: 'region', order: [...order], others } })

/** A target of a region (null: of none), critical where it bears a mark: `eu!`. */
function targets(regions: readonly (string | null)[]) {
  return regions.map((marked, place) => ({
    target: `t${String(place).padStart(4, '0')}`,
    type: 'publisher',
    region: marked?.replace('!', '') ?? null,
    group: marked?.replace('!', '') ?? null,
    critical: marked?.endsWith('!') ?? false,
    ...{ from: 'v1.1.0', active: null, pinned: false, retired: false },
  }))
}

const made = (request: UpgradeRequest, regions: readonly (string | null)[]) =>
  makePlan({ request, candidates: targets(regions), release, policyVersion: 0 })

function planned(request: UpgradeRequest, regions: readonly (string | null)[]): Plan {
  const result = made(request, regions)
  return 'plan' in result ? result.plan : expect.fail(result.rejected.detail)
}

/** The groups of the waves, each with how many targets it has. */
function wavesOf(request: UpgradeRequest, plan: Plan) {
  return waveSizes(plan.waves, plan.members).map((size, wave) => [
    groupOf({ request, plan }, wave)?.value,
    size,
  ])
}

describe('groups (design: #groups)', () => {
  it('are a wave each, in the order that was asked for', () => {
    const request = byRegion(['us', 'asia', 'eu'])
    const plan = planned(request, ['eu', 'us', 'eu', 'asia', 'us', 'eu'])
    expect(wavesOf(request, plan)).toEqual([
      ['us', 2],
      ['asia', 1],
      ['eu', 3],
    ])
  })

  it('that nobody is in are no wave, and named', () => {
    const request = byRegion(['nowhere', 'eu', 'moon'])
    const plan = planned(request, ['eu'])
    expect([wavesOf(request, plan), emptyGroups(request, plan)]).toEqual([[['eu', 1]], ['nowhere', 'moon']])
  })

  it('refuse whom none of them means, by name and number', () => {
    const regions = ['eu', ...Array.from({ length: 11 }, () => 'us'), null]
    const refused = made(byRegion(['eu']), regions)
    expect(refused).toMatchObject({
      rejected: {
        code: 'outside-groups',
        detail: expect.stringMatching(/^12 targets are in none of the groups: t\d+ \(us\).* and 2 more\./),
      },
    })
    expect('rejected' in refused && refused.rejected.fields).toHaveLength(12)
    expect(made(byRegion(['eu']), ['eu', null])).toMatchObject({
      rejected: { detail: expect.stringContaining('1 target is in none of the groups: t0001 (no region).') },
    })
  })

  it('let all others go last where the request says so', () => {
    const request = byRegion(['us'], 'last')
    expect(wavesOf(request, planned(request, ['eu', 'us', null]))).toEqual([
      ['us', 1],
      [null, 2],
    ])
  })

  it('have the critical targets of the first one in a wave after its others, and of the rest in theirs', () => {
    const request = byRegion(['eu', 'us'])
    expect(wavesOf(request, planned(request, ['eu!', 'us!', 'eu', 'eu!', 'us']))).toEqual([
      ['eu', 1],
      ['eu', 2],
      ['us', 2],
    ])
    const alone = byRegion(['eu'])
    expect(wavesOf(alone, planned(alone, ['eu!', 'eu!']))).toEqual([['eu', 2]])
  })

  it('are refused where the first has critical targets alone, and others have not', () => {
    const refused = made(byRegion(['gone', 'eu', 'us']), ['eu!', 'us'])
    expect(refused).toMatchObject({
      rejected: {
        code: 'critical-targets-first',
        detail: expect.stringContaining('All targets of the region eu are critical'),
      },
    })
  })

  it('go by a tag, whatever it is called', () => {
    const of = (by: string) =>
      groupValue({ by, order: ['a'], others: 'last' }, { region: 'eu', tags: { ring: 'a' } })
    expect([of('region'), of('ring'), of('constructor'), of('toString')]).toEqual(['eu', 'a', null, null])
  })

  it('have every target once, each in a wave of its own group, in rising order', () => {
    const region = fc.constantFrom('eu', 'us', 'asia', 'eu!', 'us!', null)
    const order = fc.shuffledSubarray(['eu', 'us', 'asia', 'moon'], { minLength: 1 })
    fc.assert(
      fc.property(fc.array(region, { minLength: 1, maxLength: 60 }), order, (regions, values) => {
        const request = byRegion(values, 'last')
        const result = made(request, regions)
        if ('rejected' in result) {
          expect(result.rejected.code).toBe('critical-targets-first')
          return
        }
        const { plan } = result
        const [chunk] = plan.chunks
        const all = targets(regions)
        const entries = plan.entries ?? []
        for (const [wave, entry] of entries.entries()) {
          const { from, to } = waveRange(plan.waves, plan.members, wave)
          expect(to).toBeGreaterThan(from)
          expect(entry).toBeGreaterThanOrEqual(entries[wave - 1] ?? 0)
          for (const [target] of chunk?.members.slice(from, to) ?? []) {
            const value = all.find((one) => one.target === target)?.region ?? null
            const place = value === null ? -1 : values.indexOf(value)
            expect(place === -1 ? values.length : place).toBe(entry)
          }
        }
        expect(waveSizes(plan.waves, plan.members).reduce((sum, size) => sum + size, 0)).toBe(regions.length)
        const uncritical = all.filter(({ critical }) => !critical).map(({ target }) => target)
        const first = chunk?.members.slice(0, waveRange(plan.waves, plan.members, 0).to) ?? []
        if (uncritical.length > 0) for (const [target] of first) expect(uncritical).toContain(target)
      }),
    )
  })
})
