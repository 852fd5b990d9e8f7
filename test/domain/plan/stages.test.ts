import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Following, UpgradeRequest } from '../../../events/upgrade.ts'
import { afterWave } from '../../../functions/domain/plan/after-wave.ts'
import { expectedSeconds, runsFrom } from '../../../functions/domain/plan/duration.ts'
import { makePlan, type Plan } from '../../../functions/domain/plan/plan.ts'
import { inFlightAtMost, rollingOf } from '../../../functions/domain/plan/rolling.ts'
import { waveSizes } from '../../../functions/domain/plan/waves.ts'
import { requestOf } from '../upgrade/world.ts'

const release = { version: 'v1.2.0', digest: 'sha256:1', releaseVersion: 1 }
const hour = 3600

function made(request: UpgradeRequest, count: number, critical = 0) {
  const candidates = Array.from({ length: count }, (_, place) => ({
    ...{ target: `t${String(place).padStart(5, '0')}`, type: 'publisher', region: null },
    ...{ critical: place < critical, from: 'v1.1.0', active: null, pinned: false, retired: false },
  }))
  return makePlan({ request, candidates, release, policyVersion: 0 })
}

function planned(request: UpgradeRequest, count: number, critical = 0): Plan {
  const result = made(request, count, critical)
  return 'plan' in result ? result.plan : expect.fail(result.rejected.detail)
}

/** Stages, each [percent, hours of its bake, and what else is asked of it]. */
const staged = (...stages: readonly (readonly [number, number, Partial<Following>?])[]) =>
  requestOf({
    strategy: 'percentages',
    percentages: stages.map(([percent, hours, changes]) => ({
      ...{ percent, bakeSeconds: hours * hour, gate: null, continueByHand: false },
      continueBySecondPerson: false,
      ...changes,
    })),
  })

/** Each wave with its size, and the hours that it bakes. */
const wavesOf = (request: UpgradeRequest, plan: Plan) =>
  waveSizes(plan.waves, plan.members).map((size, wave) => [
    size,
    afterWave({ request, plan }, wave).bakeSeconds / hour,
  ])

const production = staged([5, 24], [25, 48], [75, 24], [100, 0])

describe('percentages (design: #percentages)', () => {
  it('cut as they add up, each with a bake of its own', () => {
    expect(wavesOf(production, planned(production, 200))).toEqual([
      [10, 24],
      [40, 48],
      [100, 24],
      [50, 0],
    ])
  })

  it('that add nobody are dropped, and what was asked of them moves to no other', () => {
    const plan = planned(production, 3)
    expect([wavesOf(production, plan), plan.droppedWaves, plan.entries]).toEqual([
      [
        [1, 24],
        [2, 24],
      ],
      [25, 100],
      [0, 2],
    ])
  })

  it('ask the same of both parts of a first wave that critical targets cut in two', () => {
    const plan = planned(staged([50, 1], [100, 0]), 10, 7)
    expect([waveSizes(plan.waves, plan.members), plan.entries]).toEqual([
      [3, 2, 5],
      [0, 0, 1],
    ])
  })

  it.each([
    ['adds nobody', 3, 25, 'percentages.1.continueRequiresSecondPerson', 'adds nobody to those before'],
    ['has all of them', 1, 5, 'percentages.0.continueRequiresSecondPerson', 'is all of them'],
  ])('that want a second person are refused where the wave %s', (_, count, percent, field, words) => {
    const second = { continueByHand: true, continueBySecondPerson: true }
    const request = staged(
      [5, 1, percent === 5 ? second : {}],
      [25, 1, percent === 25 ? second : {}],
      [100, 0],
    )
    expect(made(request, count)).toMatchObject({
      rejected: { code: 'no-second-wave', detail: expect.stringContaining(words), fields: [{ field }] },
    })
    expect(made(request, 100)).toHaveProperty('plan')
  })

  it('are in the hash of the plan, each part of them', () => {
    const hashOf = (request: UpgradeRequest) => planned(request, 20).planHash
    const hashes = [
      production,
      staged([5, 24], [25, 48], [75, 25], [100, 0]),
      staged([5, 24], [25, 48], [75, 24, { gate: { successRatePercent: 1 } }], [100, 0]),
      staged([5, 24], [25, 48, { continueByHand: true }], [75, 24], [100, 0]),
      requestOf({ strategy: 'rolling', rolling: { unavailable: { targets: 1 }, surge: { targets: 0 } } }),
      requestOf({ strategy: 'rolling', rolling: { unavailable: { targets: 0 }, surge: { targets: 1 } } }),
      requestOf({ strategy: 'serial', spacingSeconds: 1 }),
      requestOf({ strategy: 'serial', spacingSeconds: 2 }),
    ].map(hashOf)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('each have a wave with what was asked of it, or are dropped, whatever they are', () => {
    const percents = fc
      .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 10 })
      .map((list) => [...list.sort((a, b) => a - b), 100])
    fc.assert(
      fc.property(percents, fc.integer({ min: 1, max: 300 }), fc.nat(300), (list, count, critical) => {
        const request = staged(...list.map((percent): [number, number] => [percent, percent]))
        const plan = planned(request, count, Math.min(count, critical))
        const sizes = waveSizes(plan.waves, plan.members)
        const entries = plan.entries ?? []
        expect(entries).toHaveLength(sizes.length)
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count)
        expect(new Set(entries).size + plan.droppedWaves.length).toBe(list.length)
        let end = 0
        for (const [wave, entry] of entries.entries()) {
          end += sizes[wave] ?? 0
          const percent = list[entry] ?? 0
          expect(afterWave({ request, plan }, wave).bakeSeconds).toBe(percent * hour)
          expect(plan.droppedWaves).not.toContain(percent)
          // Only the first part of a first wave may end before its percentage does.
          if (entries[wave + 1] !== entry) expect(end).toBe(Math.ceil((count * percent) / 100))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('what may be unavailable, and the surge (design: #rolling)', () => {
  it.each([
    ['25 % of 10 down, 25 % up', { percent: 25 }, { percent: 25 }, 10, [2, 3]],
    ['numbers as they are', { targets: 3 }, { targets: 1 }, 2, [3, 1]],
    ['one, where both are none of so few', { percent: 10 }, { percent: 0 }, 9, [1, 0]],
    ['none, where a surge lets somebody go', { targets: 0 }, { targets: 1 }, 9, [0, 1]],
    ['29 % of 100', { percent: 29 }, { percent: 29 }, 100, [29, 29]],
  ])('are whole numbers of the plan: %s', (_, unavailable, surge, members, [down, up]) => {
    expect(rollingOf({ rolling: { unavailable, surge } }, members)).toEqual({ unavailable: down, surge: up })
  })
  it('together, or parallel where that is less, are how many may be in flight', () => {
    const rolling = { unavailable: 3, surge: 2 }
    expect([
      inFlightAtMost({ parallel: 10 }, { rolling }),
      inFlightAtMost({ parallel: 4 }, { rolling }),
    ]).toEqual([5, 4])
    expect(inFlightAtMost({ parallel: 4 }, {})).toBe(4)
  })
})

describe('how long a plan takes', () => {
  const expected = { ...requestOf().deadlines, expected: 300 }
  it('counts each bake, the last one where it has a gate', () => {
    expect(expectedSeconds(production, planned(production, 200))).toBe(4 * 300 + 96 * hour)
    const judged = staged([50, 1], [100, 2, { gate: { successRatePercent: 90 } }])
    expect(expectedSeconds(judged, planned(judged, 10))).toBe(2 * 300 + 3 * hour)
  })
  it('counts what passes between the attempts of a serial upgrade', () => {
    const request = requestOf({ strategy: 'serial', parallel: 1, spacingSeconds: 600, deadlines: expected })
    expect(expectedSeconds(request, planned(request, 4))).toBe(4 * 300 + 3 * 600)
    expect(expectedSeconds(request, planned(request, 4, 2))).toBe(4 * 300 + 3 * 600)
    expect(runsFrom(request, planned(request, 4))).toEqual([
      { count: 3, apartSeconds: 900 },
      { count: 1, apartSeconds: 900 },
    ])
  })
  it('counts the rounds of a rolling upgrade', () => {
    const rolling = { unavailable: { targets: 1 }, surge: { targets: 1 } }
    const request = requestOf({ strategy: 'rolling', rolling, deadlines: expected })
    expect(expectedSeconds(request, planned(request, 5))).toBe(3 * 300)
  })
})
