import { describe, expect, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { makePlan } from '../../../functions/domain/plan/plan.ts'
import { type Arrangement, Rearranged } from '../../../functions/domain/upgrade/rearranged.ts'
import type { ReplayPolicy } from '../../../functions/domain/upgrade/replay.ts'
import { later, start } from '../given.ts'
import {
  admitted,
  driven,
  ended,
  everyFailureBorne,
  givenUp,
  requested,
  retrying,
  waveStarted,
} from './stories.ts'
import { planOf, requestOf } from './world.ts'

const bearing = { failures: everyFailureBorne, unreachable: { percent: 100, absolute: null } }

/** Plays an upgrade anew of which all members were admitted at the start, and ended so after so many seconds. */
function played(
  asked: Arrangement,
  ends: readonly (readonly [UpgradeEvent, number])[],
  changes: Partial<UpgradeRequest> = {},
  plan = planOf(10),
  policy: ReplayPolicy = {},
) {
  const rearranged = new Rearranged(policy, asked)
  const planned: UpgradeEvent = { type: 'UpgradePlanned', data: plan }
  const begun = [
    requested({ ...bearing, ...changes }),
    driven(),
    planned,
    waveStarted(),
    admitted([0, plan.members]),
  ]
  for (const event of begun) rearranged.hear(event, { at: start })
  for (const [event, seconds] of ends) rearranged.hear(event, { at: later(seconds) })
  return rearranged.end()
}

const succeeded = (from: number, to: number) => [ended('succeeded', [from, to]), 60] as const
const failed = (from: number, to: number) => [ended('failed', [from, to]), 60] as const

describe('an upgrade that is played anew', () => {
  it('passes and fails waves by the rule of the gate', () => {
    const gate = (successRatePercent: number) => ({ gate: { successRatePercent } })
    const third = [succeeded(0, 1), failed(1, 3)]
    // A third is 33.333… %, which is not below what is told of it as 33.33 %.
    expect(played({ parallel: 3 }, third, gate(100 / 3), planOf(3)).stop).toBeNull()
    expect(played({ parallel: 3 }, third, gate(34), planOf(3)).stop).toMatchObject({
      ...{ kind: 'gate', wave: 0, reason: '33.33 % succeeded, 34 % required' },
    })
    expect(played({ parallel: 3 }, [failed(0, 3)], gate(0), planOf(3)).stop).toBeNull()
  })

  it('goes on without a gate as soon as anybody has succeeded, in whatever wave', () => {
    const waves = planOf(9, [3, 6, 9])
    const later = [succeeded(0, 3), failed(3, 6), succeeded(6, 9)]
    expect(played({ parallel: 3 }, later, {}, waves)).toMatchObject({ stop: null, exposed: 9 })
    expect(played({ parallel: 3 }, [failed(0, 3), succeeded(3, 9)], {}, waves).stop).toMatchObject({
      ...{ kind: 'gate', wave: 0, reason: 'nobody has succeeded yet' },
    })
  })

  it('is cut into waves as a planner cuts it', () => {
    const candidates = Array.from({ length: 45 }, (_, place) => ({
      ...{ target: `t${place}`, type: 'x', region: null, critical: place < 43, tags: {}, group: null },
      ...{ from: 'v1.1.0', active: null, pinned: false, retired: false, to: null },
    }))
    const release = { version: 'v1.2.0', digest: 'sha256:1', releaseVersion: 1 }
    const percentages = [5, 100].map((percent) => ({
      ...{ percent, bakeSeconds: 0, gate: null, continueByHand: false, continueBySecondPerson: false },
    }))
    const exposedBy = (plan: ReturnType<typeof planOf>) =>
      played({ waves: [5, 100], parallel: 45 }, [failed(0, 45)], {}, plan).exposed
    for (const critical of [false, true]) {
      const facts = { candidates: candidates.map((one) => ({ ...one, critical: critical && one.critical })) }
      const made = (request: UpgradeRequest) => makePlan({ request, ...facts, release, policyVersion: 0 })
      const [whole, staged] = [made(requestOf()), made(requestOf({ strategy: 'percentages', percentages }))]
      if (!('plan' in whole) || !('plan' in staged)) throw new Error('There is no plan.')
      const { members, waves, critical: count } = whole.plan
      const { waves: cuts } = staged.plan
      const first = cuts.kind === 'cuts' ? cuts.cuts[0] : 0
      expect(exposedBy({ ...planOf(45), members, waves, ...(count && { critical: count }) })).toBe(first)
      expect(first).toBe(critical ? 2 : 3)
    }
  })

  it('has its own waves, and what was asked of each, where nothing else is asked for', () => {
    const percentages = [
      { percent: 20, bakeSeconds: 600, gate: { successRatePercent: 50 } },
      { percent: 100, bakeSeconds: 60, gate: null },
    ].map((stage) => ({ ...stage, continueByHand: false, continueBySecondPerson: false }))
    const plan = { ...planOf(10, [2, 10]), entries: [0, 1] }
    const request = { strategy: 'percentages' as const, percentages }
    const play = (asked: Arrangement, ends: Parameters<typeof played>[1], policy: ReplayPolicy = {}) =>
      played(asked, ends, request, plan, policy)
    const well = [succeeded(0, 10)]
    expect(play({ parallel: 10 }, well)).toMatchObject({ stop: null, seconds: 60 + 600 + 60 })
    expect(play({ bakeSeconds: 30 }, well)).toMatchObject({ stop: null, seconds: 60 + 30 + 60 })
    // What was asked of a percentage is asked of the wave that ends with it.
    expect(play({ waves: [10, 20, 100] }, well).seconds).toBe(60 + 60 + 600 + 60)
    expect(play({ parallel: 10 }, [failed(0, 2), succeeded(2, 10)])).toMatchObject({
      ...{ stop: { kind: 'gate', wave: 0 }, exposed: 2, seconds: 660 },
    })
    const [, ...open] = [null, failed(0, 1), succeeded(1, 10)]
    expect(play({ parallel: 10 }, open, { gate: { successRatePercent: 51 } }).stop).toMatchObject({ wave: 0 })
  })

  it('knows that who was not tried again has failed', () => {
    const ends = [succeeded(0, 9), [retrying(9, later(600)), 60] as const, [givenUp(9), 120] as const]
    expect(played({ parallel: 10 }, ends)).toMatchObject({
      ...{ isKnown: true, figures: { succeeded: 9, failed: 1 }, seconds: 120 },
    })
  })
})
