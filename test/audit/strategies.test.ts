import { describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import type { Following, UpgradeRequest } from '../../events/upgrade.ts'
import { audit } from '../../functions/audit/audit.ts'
import { withEvent } from './history.ts'
import { played, type Upgraded } from './strategies.ts'

const everyFailureBorne = { percent: 100, absolute: null, action: 'pause' } as const
const fleetOf = (count: number, at: (place: number) => Upgraded = () => ({})): Upgraded[] =>
  Array.from({ length: count }, (_, place) => at(place))
const after = (changes: Partial<Following> = {}): Following => ({
  ...{ bakeSeconds: 0, gate: null, continueByHand: false, continueBySecondPerson: false, ...changes },
})

/** Four stages, of which the second adds nobody to three targets. */
const staged: Partial<UpgradeRequest> = {
  strategy: 'percentages',
  failures: everyFailureBorne,
  percentages: [
    { percent: 10, ...after({ bakeSeconds: 60 }) },
    { percent: 30, ...after({ bakeSeconds: 7200, gate: { successRatePercent: 99 }, continueByHand: true }) },
    { percent: 60, ...after({ bakeSeconds: 600, gate: { successRatePercent: 50 }, continueByHand: true }) },
    { percent: 100, ...after() },
  ],
}
const grouped: Partial<UpgradeRequest> = {
  strategy: 'groups',
  groups: { by: 'region', order: ['us', 'nowhere', 'eu'], others: 'last' },
  bakeSeconds: 120,
}
const regions = fleetOf(9, (place) => ({
  region: ['eu', 'us', 'asia'][place % 3] ?? '',
  critical: place === 1,
}))
const rolling: Partial<UpgradeRequest> = {
  strategy: 'rolling',
  failures: everyFailureBorne,
  rolling: { unavailable: { targets: 2 }, surge: { targets: 1 } },
  retry: { attempts: 1, delaySeconds: 60 },
}
const someFail = fleetOf(12, (place) => (place % 3 === 0 ? { ends: ['failed', 'failed'] } : {}))
const serial: Partial<UpgradeRequest> = {
  strategy: 'serial',
  parallel: 1,
  spacingSeconds: 600,
  failures: everyFailureBorne,
  retry: { attempts: 1, delaySeconds: 30 },
}

const stories = {
  percentages: [staged, fleetOf(3)],
  groups: [grouped, regions],
  rolling: [rolling, someFail],
} as const

async function found(commits: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(commits)
  return findings.map(({ invariant, words }) => `${invariant} ${words}`)
}

const typesOf = (commits: readonly Commit[]) =>
  commits
    .filter(({ stream }) => stream === 'upgrade#up')
    .flatMap(({ events }) => events.map(({ type }) => type))

describe('an upgrade that goes to its end', () => {
  test.each(Object.entries(stories))('by %s breaks no rule', async (_, [request, fleet]) => {
    const commits = await played(request, fleet)
    expect(typesOf(commits)).toContain('UpgradeCompleted')
    expect(await found(commits)).toEqual([])
  })

  test('one at a time breaks no rule, with a retry and a critical target', async () => {
    const fleet = [{}, { ends: ['failed'] as const }, { critical: true }, {}]
    const commits = await played(serial, fleet)
    expect(typesOf(commits)).toContain('UpgradeCompleted')
    expect(await found(commits)).toEqual([])
  })

  test('is paused by failures that use up what may be unavailable, and goes on when they are acknowledged', async () => {
    const commits = await played(rolling, someFail)
    const breaches = commits
      .flatMap(({ events }) => events)
      .filter(({ type }) => type === 'ThresholdBreached')
      .map(({ data }) => JSON.parse(data))
    expect(breaches.map(({ kind, count, allowed }) => [kind, count, allowed])).toEqual([
      ['unavailable', 2, 1],
    ])
  })
})

describe('the audit, from the log alone, finds', () => {
  const forged = async (
    [request, fleet]: readonly [Partial<UpgradeRequest>, readonly Upgraded[]],
    type: string,
    change: (data: never) => object,
    fits?: (data: never) => boolean,
  ) => found(withEvent(await played(request, fleet), 'upgrade#up', type, change, fits).commits)

  test('a bake of another stage', async () => {
    const until = (data: { until: string }) => ({ ...data, until: '2026-03-03T08:00:00.000Z' })
    expect(await forged(stories.percentages, 'BakeStarted', until)).toContainEqual(
      expect.stringMatching(/^I4 Wave 0 bakes for \d+ seconds, 60 were asked for/),
    )
  })

  test('a gate that requires what another stage does', async () => {
    const required = (data: object) => ({ ...data, required: 99 })
    expect(await forged(stories.percentages, 'GateEvaluated', required)).toContainEqual(
      'I4 The gate after wave 1 required 99 %, 50 % were asked for.',
    )
  })

  test('a plan that moves what was asked of a stage to another', async () => {
    const entries = (data: object) => ({ ...data, entries: [0, 1, 3] })
    expect(await forged(stories.percentages, 'UpgradePlanned', entries)).toContainEqual(
      expect.stringContaining(
        'I4 Its percentages end at 0 to 1, 1 to 2, 3 to 3, where 0 to 1, 2 to 2, 3 to 3',
      ),
    )
  })

  test('groups in another order, and targets in the wave of another group', async () => {
    const order = (data: { entries: number[] }) => ({ ...data, entries: data.entries.toReversed() })
    const findings = await forged(stories.groups, 'UpgradePlanned', order)
    expect(findings).toContainEqual(expect.stringContaining('I4 Its waves are not in the order'))
    expect(findings).toContainEqual(
      expect.stringMatching(/^I4 t\d is in wave 0, of the region of nobody else/),
    )
  })

  test('a rolling upgrade of other numbers than were asked for', async () => {
    const more = (data: object) => ({ ...data, rolling: { unavailable: 9, surge: 1 } })
    expect(await forged(stories.rolling, 'UpgradePlanned', more)).toContainEqual(
      'I3 It was planned with 9 unavailable and 1 more in flight.',
    )
  })

  test('more in flight than may be, and others taken out of service when failures have used it up', async () => {
    const fewer = (data: { request: object }) => ({
      ...data,
      request: { ...data.request, rolling: { unavailable: { targets: 1 }, surge: { targets: 0 } } },
    })
    const [request, fleet] = stories.rolling
    const asked = withEvent(await played(request, fleet), 'upgrade#up', 'UpgradeRequested', fewer).commits
    const planned = (data: object) => ({ ...data, rolling: { unavailable: 1, surge: 0 } })
    const findings = await found(withEvent(asked, 'upgrade#up', 'UpgradePlanned', planned).commits)
    expect(findings).toContainEqual(expect.stringMatching(/^I3 3 were in flight .* 1 may be\.$/))
    expect(findings).toContainEqual(expect.stringContaining('which uses up 1.'))
  })

  test('a target that is admitted too soon after the last attempt', async () => {
    const longer = (data: { request: object }) => ({
      ...data,
      request: { ...data.request, spacingSeconds: 900 },
    })
    const commits = await played(serial, fleetOf(2))
    const asked = withEvent(commits, 'upgrade#up', 'UpgradeRequested', longer).commits
    const planned = (data: object) => ({ ...data, spacingSeconds: 900 })
    expect(await found(withEvent(asked, 'upgrade#up', 'UpgradePlanned', planned).commits)).toContainEqual(
      'I3 A target was admitted 600 seconds after the last attempt, and not 900.',
    )
  })
})
