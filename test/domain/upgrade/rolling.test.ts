import { describe, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { resumeUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  acknowledging,
  admitted,
  attemptsEnd,
  driven,
  ended,
  everyFailureBorne,
  given,
  paused,
  requested,
  retrying,
  unseen,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm, planOf } from './world.ts'

interface Numbers {
  readonly unavailable: number
  readonly surge: number
}

/** A rolling upgrade of so many members, of whom as many are in flight as may be. */
function rolling(members: number, numbers: Numbers, changes: Partial<UpgradeRequest> = {}) {
  const { unavailable, surge } = numbers
  const amounts = { unavailable: { targets: unavailable }, surge: { targets: surge } }
  const plan: UpgradeEvent = { type: 'UpgradePlanned', data: { ...planOf(members), rolling: numbers } }
  const request = { strategy: 'rolling', rolling: amounts, failures: everyFailureBorne, ...changes } as const
  return [requested(request), driven(), plan] as const
}

const begun = (members: number, numbers: Numbers, changes: Partial<UpgradeRequest> = {}) =>
  [
    ...rolling(members, numbers, changes),
    waveStarted(),
    admitted([0, Math.min(members, numbers.unavailable + numbers.surge)]),
  ] as const

/** Targets that failed or were unreachable use up what may be unavailable: who is paused waits for a person. */
const usedUp = (count: number, allowed: number): UpgradeEvent => ({
  type: 'ThresholdBreached',
  data: { wave: 0, kind: 'unavailable', count, allowed, action: 'pause' },
})
const pausedFor = (count: number, allowed: number): UpgradeEvent => ({
  type: 'UpgradePaused',
  data: {
    by: 'drydock',
    reason: `${count} failed or unreachable in the whole upgrade, ${allowed} allowed`,
  },
})

describe('a rolling upgrade (design: #rolling)', () => {
  it.each([
    [{ unavailable: 2, surge: 0 }, 10_000, 2],
    [{ unavailable: 2, surge: 3 }, 10_000, 5],
    [{ unavailable: 0, surge: 1 }, 10_000, 1],
    [{ unavailable: 4, surge: 4 }, 3, 3],
  ])('of %j has at most both in flight, and %i where that is less', (numbers, parallel, most) => {
    given(...rolling(10, numbers, { parallel }))
      .when(startWave({ wave: 0, generation: 1 }, calm))
      .thenEvents(waveStarted(), admitted([0, most]))
  })

  it('fills the place of whoever has succeeded', () => {
    given(...begun(10, { unavailable: 2, surge: 1 }))
      .when(attemptsEnd('succeeded', 0))
      .thenEvents(ended('succeeded', 0), admitted(3))
  })

  it.each(['failed', 'unreachable', 'timed_out', 'rollback_failed'] as const)(
    'leaves the place of one that is %s empty: it is out of service',
    (outcome) => {
      given(...begun(10, { unavailable: 2, surge: 1 }, { unreachable: { percent: 100, absolute: null } }))
        .when(attemptsEnd(outcome, 0))
        .thenEvents(ended(outcome, 0))
    },
  )

  it('fills the place of one that took itself back: it serves', () => {
    given(...begun(10, { unavailable: 2, surge: 1 }))
      .when(attemptsEnd('rolled_back', 0))
      .thenEvents(ended('rolled_back', 0), admitted(3))
  })

  it('is paused when what may be unavailable is used up, whatever the surge', () => {
    given(...begun(10, { unavailable: 2, surge: 1 }))
      .when(attemptsEnd('failed', [0, 2]))
      .thenEvents(ended('failed', [0, 2]), usedUp(2, 1), pausedFor(2, 1))
    given(...begun(10, { unavailable: 0, surge: 1 }))
      .when(attemptsEnd('failed', 0))
      .thenEvents(ended('failed', 0), usedUp(1, 0), pausedFor(1, 0))
  })

  it('is not paused where nobody is left to be taken out of service', () => {
    given(...begun(2, { unavailable: 2, surge: 0 }))
      .when(attemptsEnd('failed', [0, 2]))
      .thenTypes('OutcomesRecorded', 'WaveEnded')
  })

  it('takes nobody new out of service while a retry that waits uses it up, and lets the retry go', () => {
    const changes = { retry: { attempts: 1, delaySeconds: 60 } }
    const waits = [...begun(10, { unavailable: 1, surge: 1 }, changes), retrying(0, later(60))] as const
    given(...waits)
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1))
    given(...waits, ended('succeeded', 1))
      .when(tick(calm), later(60))
      .thenEvents(admitted(null, { retried: [[0, 1, 2]], acceptBy: later(660) }))
  })

  it('goes on where parallel is less: what is lost takes none of its slots', () => {
    const plan = [
      ...rolling(10, { unavailable: 4, surge: 0 }, { parallel: 1 }),
      waveStarted(),
      admitted(0),
    ] as const
    given(...plan)
      .when(attemptsEnd('failed', 0))
      .thenEvents(ended('failed', 0), admitted(1))
  })

  it('does not let in again who was given back while it is used up', () => {
    const changes = { retry: { attempts: 1, delaySeconds: 60 } }
    given(...begun(10, { unavailable: 1, surge: 1 }, changes), retrying(0, later(60)))
      .when(attemptsEnd('withdrawn', 1))
      .thenTypes('OutcomesRecorded')
  })

  it('goes on with all of it when somebody has acknowledged what failed', () => {
    const failed = [
      ...begun(10, { unavailable: 2, surge: 0 }),
      ended('failed', [0, 2]),
      usedUp(2, 1),
      pausedFor(2, 1),
    ] as const
    given(...failed)
      .when(resumeUpgrade({ by: 'alice' }, calm))
      .thenRejected('not-acknowledged', unseen(['', ''], ['2', '0']))
    given(...failed)
      .when(resumeUpgrade({ by: 'alice', acknowledge: { failed: 2, unreachable: 0 } }, calm))
      .thenEvents(acknowledging(2), admitted([2, 4]))
    given(...failed, acknowledging(2), admitted([2, 4]))
      .when(attemptsEnd('failed', 2))
      .thenEvents(ended('failed', 2))
  })

  it('counts losses over its waves: those of the first bind the second', () => {
    const plan: UpgradeEvent = {
      type: 'UpgradePlanned',
      data: { ...planOf(6, [2, 6]), rolling: { unavailable: 2, surge: 1 } },
    }
    const [request, execution] = begun(6, { unavailable: 2, surge: 1 })
    const first = [request, execution, plan, waveStarted(), admitted([0, 2])] as const
    given(...first, ended('failed', 0), ended('succeeded', 1), waveEnded())
      .when(startWave({ wave: 1, generation: 1 }, calm))
      .thenEvents(waveStarted(1), admitted([2, 4], { wave: 1 }))
  })

  it('is not let go on by a pause and a resume that acknowledges nothing', () => {
    given(...begun(10, { unavailable: 2, surge: 1 }), ended('failed', 0), paused)
      .when(resumeUpgrade({ by: 'alice' }, calm))
      .thenTypes('UpgradeResumed')
  })
})
