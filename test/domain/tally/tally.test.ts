import { describe, expect, it } from 'vitest'
import { tally as shape } from '../../../events/tally.ts'
import { outcomes } from '../../../events/target.ts'
import { groupsOf, type Told, totalOf, withTold } from '../../../functions/domain/tally/groups.ts'
import { sumOfTallies, type TalliedAttempt, tallyOf } from '../../../functions/domain/tally/tally.ts'

const attempt = (
  outcome: TalliedAttempt['outcome'],
  measured: Partial<TalliedAttempt['measured']> = {},
  code: string | null = outcome === 'succeeded' ? null : 'DISK_FULL',
): TalliedAttempt => ({
  ...{ outcome, code },
  measured: { region: 'north', acceptance: 1000, work: 8000, ...measured },
})

const told = (attempts: readonly TalliedAttempt[], changes: Partial<Told> = {}): Told => ({
  ...{ day: '2026-03-01', kind: 'deploy', component: 'api', version: 'v1.2.0', channel: 'stable' },
  tally: tallyOf(attempts),
  ...changes,
})

describe('a tally', () => {
  it('counts each attempt by its end; what was passed over, given back or cancelled is none', () => {
    const { regions } = tallyOf(outcomes.map((outcome) => attempt(outcome)))
    expect(regions).toMatchObject([{ succeeded: 1, failed: 6, unreachable: 1, rolledBack: 1 }])
    for (const outcome of ['skipped', 'deferred', 'withdrawn', 'cancelled'] as const)
      expect(tallyOf([attempt(outcome)])).toEqual({ regions: [], steps: [] })
  })

  it('times those alone that succeeded, their steps too', () => {
    const steps = { drain: 2000, replace: 5000 }
    const { regions, steps: timed } = tallyOf([
      attempt('succeeded', { steps }),
      attempt('failed', { steps, work: 1e6 }),
      attempt('succeeded', { acceptance: null, work: null }),
    ])
    expect(regions[0]?.work).toMatchObject({ count: 1, milliseconds: 8000 })
    expect(timed.map(({ step, count, milliseconds }) => [step, count, milliseconds])).toEqual([
      ['drain', 1, 2000],
      ['replace', 1, 5000],
    ])
  })

  it('is the same whatever the order and the parts in which attempts are counted', () => {
    const regions = ['north', 'south', null]
    const all = outcomes.flatMap((outcome, place) =>
      Array.from({ length: place + 1 }, (_, n) =>
        attempt(outcome, { region: regions[n % 3] ?? null, work: n * 700 }),
      ),
    )
    const sorted = ({ regions }: ReturnType<typeof tallyOf>) =>
      regions.toSorted((left, right) => ((left.region ?? '') < (right.region ?? '') ? -1 : 1))
    const parts = [all.slice(20), all.slice(0, 7), all.slice(7, 20)].map((some) => tallyOf(some.toReversed()))
    expect(sorted(sumOfTallies(parts))).toEqual(sorted(tallyOf(all)))
  })

  it('stays small, and loses no attempt, however many regions, codes and steps there are', () => {
    const all = Array.from({ length: 500 }, (_, place) =>
      attempt(
        place % 2 === 0 ? 'failed' : 'succeeded',
        { region: `region-${place % 40}`, steps: Object.fromEntries([[`step-${place % 50}`, place]]) },
        `CODE_${place}`,
      ),
    )
    const sum = sumOfTallies(all.map((one) => tallyOf([one])))
    expect(shape.parse(sum)).toEqual(sum)
    const count = (of: 'succeeded' | 'failed') => sum.regions.reduce((total, one) => total + one[of], 0)
    expect([count('succeeded'), count('failed')]).toEqual([250, 250])
    const failures = sum.regions.flatMap(({ failures }) => failures)
    expect(failures.reduce((total, { count }) => total + count, 0)).toBe(250)
  })
})

describe('what was told, in groups', () => {
  const week = [
    told([attempt('succeeded'), attempt('succeeded', { region: 'south' }), attempt('failed')]),
    told([attempt('rolled_back', {}, 'HEALTH_CHECK_FAILED')], { day: '2026-03-02' }),
    told([attempt('succeeded')], { component: 'web', version: 'v2', channel: 'beta' }),
    told([attempt('succeeded'), attempt('failed')], { kind: 'rollback' }),
  ]

  it.each([
    [
      'day',
      [
        ['2026-03-01', 4, 3, 1],
        ['2026-03-02', 1, 0, 1],
      ],
    ],
    [
      'component',
      [
        ['api', 4, 2, 2],
        ['web', 1, 1, 0],
      ],
    ],
    [
      'release',
      [
        ['api@v1.2.0', 4, 2, 2],
        ['web@v2', 1, 1, 0],
      ],
    ],
    [
      'channel',
      [
        ['stable', 4, 2, 2],
        ['beta', 1, 1, 0],
      ],
    ],
    [
      'region',
      [
        ['north', 4, 2, 2],
        ['south', 1, 1, 0],
      ],
    ],
  ] as const)('by %s count attempts, successes and rollbacks, which are no attempts', (by, expected) => {
    const groups = groupsOf(week, by)
    expect(
      groups.map(({ key, attempts, succeeded, rollbacks }) => [key, attempts, succeeded, rollbacks]),
    ).toEqual(expected)
  })

  it('have rates of the attempts, the commonest failure and times', () => {
    expect(totalOf(week)).toMatchObject({
      ...{ attempts: 5, successRate: 60, rollbackRate: 40 },
      mostCommonFailure: { code: 'DISK_FULL', count: 1 },
      work: { count: 3, meanSeconds: 8, p95Seconds: 8 },
    })
    expect(totalOf([])).toMatchObject({ attempts: 0, successRate: null, mostCommonFailure: null })
  })

  it('are counted for ever by component and channel, in whatever parts', () => {
    const whole = withTold([], week)
    expect(whole.map(({ component, attempts, rollbacks }) => [component, attempts, rollbacks])).toEqual([
      ['api', 4, 2],
      ['web', 1, 0],
    ])
    expect(withTold(withTold([], week.slice(0, 2)), week.slice(2))).toEqual(whole)
  })

  it('make no more series than labels may have values, and no attempt is lost', () => {
    const many = Array.from({ length: 300 }, (_, place) =>
      told([attempt('succeeded')], { component: `component-${place}` }),
    )
    const series = many.reduce((before, one) => withTold(before, [one]), withTold([], []))
    expect(series.length).toBeLessThanOrEqual(100)
    expect(series.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(300)
  })
})
