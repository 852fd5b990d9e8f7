import { describe, expect, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { skipMember } from '../../../functions/domain/upgrade/control.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  acknowledging,
  admitted,
  attemptsEnd,
  ended,
  fold,
  given,
  paused,
  resumed,
  retrying,
  running,
  skipped,
  standingAfter,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm } from './world.ts'

const skip = (member: number) => skipMember({ member, by: 'alice' }, calm)

/** The limit of the first wave is exceeded by so many failures. */
const breached = (
  count: number,
  allowed: number,
  action: UpgradeRequest['failures']['action'] = 'pause',
): UpgradeEvent => ({
  type: 'ThresholdBreached',
  data: { wave: 0, kind: 'failures', count, allowed, action },
})

/** The limit of the first wave is exceeded by so many unreachable members. */
const unreachable = (count: number, allowed: number): UpgradeEvent => ({
  type: 'ThresholdBreached',
  data: { wave: 0, kind: 'unreachable', count, allowed, action: 'pause' },
})

describe('the failures that a wave bears', () => {
  it('are its share: of 50 at 10 % five may fail, and the sixth halts it', () => {
    given(...running(50))
      .when(attemptsEnd('failed', [0, 5]))
      .thenTypes('OutcomesRecorded')
    given(...running(50), ended('failed', [0, 5]))
      .when(attemptsEnd('failed', 5))
      .thenEvents(ended('failed', 5), breached(6, 5), {
        type: 'UpgradePaused',
        data: { by: 'drydock', reason: '6 failed in wave 1, 5 allowed' },
      })
  })
  it('are never more than the number that the request names', () => {
    const failures = { percent: 10, absolute: 2, action: 'pause' } as const
    given(...running(50, { failures }))
      .when(attemptsEnd('failed', [0, 2]))
      .thenTypes('OutcomesRecorded')
    given(...running(50, { failures }))
      .when(attemptsEnd('failed', [0, 3]))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
  it('are a share of those of the wave alone, and counted in each wave anew', () => {
    const second = [
      ...running([20, 30]),
      ended('failed', [0, 2]),
      ended('succeeded', [2, 20]),
      { type: 'WaveEnded', data: { wave: 0 } },
      waveStarted(1),
      admitted([20, 30], { wave: 1 }),
    ] as const
    given(...second)
      .when(attemptsEnd('failed', 20))
      .thenTypes('OutcomesRecorded')
    expect(given(...second).when(attemptsEnd('failed', [20, 22])).events[1]).toMatchObject({
      data: { wave: 1, count: 2, allowed: 1 },
    })
  })
  it('are a share of those who were not skipped, be it before the wave or in it', () => {
    const before = [...upgradeOf(20), skipped([10, 20]), waveStarted(), admitted([0, 10])] as const
    const within = [...running(20, { parallel: 10 }), skipped([10, 20])] as const
    const byTargets = [...running(20), ended('skipped', [10, 20])] as const
    for (const history of [before, within, byTargets]) {
      given(...history)
        .when(attemptsEnd('failed', 0))
        .thenTypes('OutcomesRecorded')
      expect(given(...history).when(attemptsEnd('failed', [0, 2])).events).toContainEqual(breached(2, 1))
    }
  })
  it('are exceeded by a skip as well, which takes the share below what has failed (I11)', () => {
    given(...running(50, { parallel: 10 }), ended('failed', [0, 5]), ended('succeeded', [5, 10]))
      .when(skip(49))
      .thenTypes('MembersSkipped', 'ThresholdBreached', 'UpgradePaused')
  })
  it('do not become fewer by a skip in a later wave (I5)', () => {
    given(...running([10, 20]), skipped(15))
      .when(attemptsEnd('failed', 0))
      .thenTypes('OutcomesRecorded')
  })
  it.each(['failed', 'timed_out', 'lost', 'rejected', 'rolled_back', 'rollback_failed'] as const)(
    'are those that ended as %s, too',
    (outcome) => {
      given(...running(5))
        .when(attemptsEnd(outcome, 0))
        .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
    },
  )
  it.each(['cancelled', 'skipped', 'unreachable'] as const)('are not those that ended as %s', (outcome) => {
    given(...running(5, { unreachable: { percent: 100, absolute: null } }))
      .when(attemptsEnd(outcome, 0))
      .thenTypes('OutcomesRecorded')
  })
  it('are not those that are to be tried again', () => {
    given(...running(5, { retry: { attempts: 1, delaySeconds: 60 } }))
      .when(attemptsEnd('failed', 0, { retryable: true }))
      .thenTypes('OutcomesRecorded')
  })
})

describe('a wave in which more have failed than it bears', () => {
  const with0 = (action: UpgradeRequest['failures']['action']) =>
    running(3, { failures: { percent: 0, absolute: null, action } })

  it('is paused, and ends no upgrade before somebody has looked', () => {
    const pausedByLimit = { type: 'UpgradePaused', data: { by: 'drydock', reason: '1 failed' } } as const
    const last = [
      ...with0('pause'),
      ended('failed', 0),
      breached(1, 0),
      pausedByLimit,
      ended('succeeded', [1, 3]),
    ]
    expect(standingAfter(...last)).toMatchObject({
      status: 'paused',
      holds: [{ code: 'OPERATOR', ref: '1 failed' }],
    })
    expect(position(fold([...last, waveEnded()]), later(0)).move).toBe('gate')
    expect(position(fold([...last, waveEnded(), resumed]), later(0)).move).toBe('finish')
  })
  it('is aborted where the request says so', () => {
    given(...with0('abort'))
      .when(attemptsEnd('failed', 0))
      .thenEvents(
        ended('failed', 0),
        breached(1, 0, 'abort'),
        aborting({ by: 'drydock', reason: '1 failed in wave 1, 0 allowed', rollBack: false }),
      )
  })
  it('is aborted and taken back where the request says so', () => {
    given(...with0('rollback'))
      .when(attemptsEnd('failed', 0))
      .thenEvents(
        ended('failed', 0),
        breached(1, 0, 'rollback'),
        aborting({ by: 'drydock', reason: '1 failed in wave 1, 0 allowed', rollBack: true }),
      )
  })
  it('is told once until somebody acknowledges it, and again when as much comes on top', () => {
    const told = [...running(20), ended('failed', [0, 3]), breached(3, 2), paused] as const
    given(...told)
      .when(attemptsEnd('failed', [3, 5]))
      .thenTypes('OutcomesRecorded')
    given(...told, acknowledging(3))
      .when(attemptsEnd('failed', [3, 6]))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
  it.each<[UpgradeRequest['failures']['action'], boolean]>([
    ['abort', false],
    ['rollback', true],
  ])('is heeded though somebody has paused it, or the unreachable ones did: %s', (action, rollBack) => {
    const failures = { percent: 10, absolute: null, action } as const
    const abort = aborting({ by: 'drydock', reason: '1 failed in wave 1, 0 allowed', rollBack })
    given(...running(5, { failures }), paused)
      .when(attemptsEnd('failed', 0))
      .thenEvents(ended('failed', 0), breached(1, 0, action), abort)
    given(...running(5, { failures }), ended('unreachable', 0), unreachable(1, 0), paused)
      .when(attemptsEnd('failed', 1))
      .thenEvents(ended('failed', 1), breached(1, 0, action), abort)
  })
  it('is not judged again in an abort', () => {
    given(...running(5), aborting())
      .when(attemptsEnd('failed', [0, 2]))
      .thenTypes('OutcomesRecorded')
  })
  it('ends with the last of its members as any other does, and its gate judges it', () => {
    given(...running(5, { gate: { successRatePercent: 90 } }))
      .when(attemptsEnd('failed', [0, 5]))
      .thenTypes(
        ...['OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused'],
        ...['WaveEnded', 'GateEvaluated', 'UpgradePaused'],
      )
  })
  it('admits nobody in the same commit', () => {
    given(...running(50, { parallel: 6 }), ended('failed', [0, 5]), admitted([6, 11]))
      .when(attemptsEnd('failed', 5))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
  it('admits nobody new while waiting retries would exceed the limit, but the due retry itself', () => {
    const history = [
      ...running(5, { parallel: 2, retry: { attempts: 1, delaySeconds: 60 } }),
      retrying(0, later(60)),
    ] as const
    given(...history)
      .when(attemptsEnd('succeeded', 1))
      .thenTypes('OutcomesRecorded')
    given(...history, ended('succeeded', 1))
      .when(tick(calm), later(60))
      .thenEvents(admitted(null, { retried: [[0, 1, 2]], acceptBy: later(660) }))
    given(...history, ended('succeeded', 1), admitted(null, { retried: [[0, 1, 2]] }))
      .when(attemptsEnd('succeeded', 0, { n: 2 }))
      .thenEvents(ended('succeeded', 0, { n: 2 }), admitted([2, 4]))
  })
})

describe('the unreachable ones that a wave bears', () => {
  const failures = { percent: 0, absolute: null, action: 'rollback' } as const
  const unreachable = { percent: 10, absolute: 1 }

  it('have a limit of their own', () => {
    given(...running(50, { failures, unreachable }))
      .when(attemptsEnd('unreachable', 0))
      .thenTypes('OutcomesRecorded')
    const { events } = given(...running(50, { failures, unreachable })).when(
      attemptsEnd('unreachable', [0, 2]),
    )
    expect(events[1]).toEqual({
      type: 'ThresholdBreached',
      data: { wave: 0, kind: 'unreachable', count: 2, allowed: 1, action: 'pause' },
    })
  })
  it('halt the wave for somebody to look, whatever failures are answered by', () => {
    const { events } = given(...running(50, { failures, unreachable })).when(
      attemptsEnd('unreachable', [0, 2]),
    )
    expect(events[2]).toEqual({
      type: 'UpgradePaused',
      data: { by: 'drydock', reason: '2 unreachable in wave 1, 1 allowed' },
    })
  })
  it('are told beside too many failures', () => {
    const both = [...running(5), ended('failed', 0)] as const
    given(...both)
      .when(attemptsEnd('unreachable', [1, 3]))
      .thenTypes(
        ...['OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused'],
        ...['ThresholdBreached', 'UpgradePaused'],
      )
  })
})

describe('the failures that a whole upgrade bears', () => {
  const budget = { percent: 10, absolute: null }
  const failures = { percent: 50, absolute: null, action: 'pause' } as const
  const second = [
    ...running([10, 30], { budget, failures }),
    ended('failed', [0, 2]),
    ended('succeeded', [2, 10]),
    waveEnded(),
    waveStarted(1),
    admitted([10, 30], { wave: 1 }),
  ] as const
  const exceeded: UpgradeEvent = {
    type: 'ThresholdBreached',
    data: { wave: 1, kind: 'budget', count: 4, allowed: 3, action: 'pause' },
  }

  it('are counted over all waves, whatever each of them bears', () => {
    given(...second)
      .when(attemptsEnd('failed', 10))
      .thenTypes('OutcomesRecorded')
    given(...second)
      .when(attemptsEnd('failed', [10, 12]))
      .thenEvents(ended('failed', [10, 12]), exceeded, {
        type: 'UpgradePaused',
        data: { by: 'drydock', reason: '4 failed in the whole upgrade, 3 allowed' },
      })
  })
  it('are borne again by so many, once somebody has acknowledged them', () => {
    const accepted = [...second, ended('failed', [10, 12]), exceeded, paused, acknowledging(4)] as const
    given(...accepted)
      .when(attemptsEnd('failed', [12, 15]))
      .thenTypes('OutcomesRecorded')
    given(...accepted)
      .when(attemptsEnd('failed', [12, 16]))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
})
