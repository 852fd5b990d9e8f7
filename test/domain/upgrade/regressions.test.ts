import { describe, expect, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { takeForChild } from '../../../functions/domain/upgrade/children.ts'
import { resumeUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { type ReportedRegression, recordRegressions } from '../../../functions/domain/upgrade/regressions.ts'
import { hasBegun } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  baked,
  baking,
  completed,
  continueAwaited,
  ended,
  everyFailureBorne,
  fold,
  given,
  judged,
  paused,
  running,
  standingAfter,
  unseen,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm } from './world.ts'

type Members = readonly number[]

const saying = (members: Members, changes: Partial<ReportedRegression> = {}): ReportedRegression[] =>
  members.map((member) => ({ member, n: 1, outcome: 'failed', code: 'C', commit: 9, ...changes }))

const regress = (members: Members, changes: Partial<ReportedRegression> = {}) =>
  recordRegressions(saying(members, changes), calm)

function regressed(members: Members, changes: Partial<ReportedRegression> = {}): UpgradeEvent {
  return { type: 'MembersRegressed', data: { wave: 0, members: saying(members, changes) } }
}

const pausedBy = (reason: string): UpgradeEvent => ({
  type: 'UpgradePaused',
  data: { by: 'drydock', reason },
})

/** A wave of ten before one of ten more, all of the first well. */
const through = (changes: Partial<UpgradeRequest> = {}) =>
  [
    ...running([10, 20], { failures: everyFailureBorne, bakeSeconds: 600, ...changes }),
    ended('succeeded', [0, 10]),
    waveEnded(),
    baking(later(600)),
  ] as const

describe('a member that fails after it has succeeded', () => {
  it('counts as failed while its wave runs, bakes and waits at its gate', () => {
    const inWave = [
      ...running([10, 20], { failures: everyFailureBorne }),
      ended('succeeded', [0, 9]),
    ] as const
    const waiting = [...through({ continueByHand: true }), baked, continueAwaited] as const
    for (const history of [inWave, through(), waiting]) {
      given(...history)
        .when(regress([3]))
        .thenEvents(regressed([3]))
      given(...history)
        .when(regress([3]))
        .thenIdempotent()
      const before = standingAfter(...history).counts
      expect(standingAfter(...history, regressed([3])).counts).toEqual({
        ...before,
        succeeded: before.succeeded - 1,
        failed: 1,
      })
    }
  })
  it('counts once, whatever comes after', () => {
    given(...through(), regressed([3]))
      .when(regress([3, 4]))
      .thenEvents(regressed([4]))
  })
  it('is no news to an upgrade whose next wave has begun, or that is over', () => {
    given(...through(), baked, waveStarted(1))
      .when(regress([3]))
      .thenNothing()
    given(...through(), completed)
      .when(regress([3]))
      .thenNothing()
  })
  it('was one that succeeded, in that admission', () => {
    const history = [
      ...running([10, 20], { failures: everyFailureBorne }),
      ended('succeeded', [0, 5]),
      ended('failed', 5),
    ] as const
    given(...history)
      .when(regress([5, 6, 12]))
      .thenNothing()
    given(...history)
      .when(regress([3], { n: 2 }))
      .thenNothing()
  })
  it('exceeds the limits of its wave like any failure', () => {
    const failures = { percent: 10, absolute: null, action: 'pause' } as const
    given(...through({ failures }), regressed([1]))
      .when(regress([2]))
      .thenEvents(
        regressed([2]),
        {
          type: 'ThresholdBreached',
          data: { wave: 0, kind: 'failures', count: 2, allowed: 1, action: 'pause' },
        },
        pausedBy('2 failed in wave 1, 1 allowed'),
      )
    given(...through({ failures: { ...failures, action: 'rollback' } }), regressed([1]))
      .when(regress([2]))
      .thenTypes('MembersRegressed', 'ThresholdBreached', 'AbortRequested')
  })
  it('exceeds the budget of the whole upgrade', () => {
    given(...through({ budget: { percent: 0, absolute: 0 } }))
      .when(regress([2]))
      .thenTypes('MembersRegressed', 'ThresholdBreached', 'UpgradePaused')
  })
  it('is counted though the upgrade is paused, or being aborted', () => {
    given(...through(), paused)
      .when(regress([2]))
      .thenTypes('MembersRegressed')
    given(...through(), aborting())
      .when(regress([2]))
      .thenTypes('MembersRegressed')
  })
  it('has to be seen by whoever resumes', () => {
    given(...through(), regressed([2]), paused)
      .when(resumeUpgrade({ by: 'alice', acknowledge: { failed: 0, unreachable: 0 } }, calm))
      .thenRejected('more-failed', unseen(['0', '0'], ['1', '0']))
  })
})

describe('a gate', () => {
  const gate = { successRatePercent: 90 }

  it('after the bake counts who has regressed in it', () => {
    given(...through({ gate }), regressed([1, 2]))
      .when(tick(calm), later(600))
      .thenEvents(baked, judged('failed', 80), pausedBy('80 % succeeded, 90 % required'))
  })
  it('that was passed is judged again while nobody has continued', () => {
    const passed = [...through({ gate, continueByHand: true }), baked, judged('passed', 100), continueAwaited]
    given(...passed)
      .when(regress([1]))
      .thenEvents(regressed([1]))
    given(...passed)
      .when(regress([1, 2]))
      .thenEvents(regressed([1, 2]), judged('failed', 80), pausedBy('80 % succeeded, 90 % required'))
    const failed = [...passed, regressed([1, 2]), judged('failed', 80), pausedBy('x')]
    expect(standingAfter(...failed).holds.map(({ code }) => code)).toEqual(['GATE_FAILED', 'OPERATOR'])
    given(...failed)
      .when(resumeUpgrade({ by: 'alice', acknowledge: { failed: 2, unreachable: 0 } }, calm))
      .thenTypes('UpgradeResumed', 'ContinueAwaited')
  })
  it('that was passed takes back, once it has failed and the request says so', () => {
    const takesBack = { gate: { ...gate, action: 'rollback' as const }, continueByHand: true }
    given(...through(takesBack), baked, judged('passed', 100), continueAwaited)
      .when(regress([1, 2]))
      .thenEvents(
        regressed([1, 2]),
        judged('failed', 80),
        aborting({ by: 'drydock', reason: '80 % succeeded, 90 % required', rollBack: true }),
      )
  })
  it('finds nobody well where all of a wave without a gate have regressed', () => {
    given(...through(), regressed([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
      .when(tick(calm), later(600))
      .thenTypes('BakeEnded', 'GateEvaluated', 'UpgradePaused')
  })
})

describe('very many', () => {
  const members = Array.from({ length: 300 }, (_, member) => member)
  const large = [
    ...running([500, 600], { failures: everyFailureBorne, bakeSeconds: 600 }),
    ended('succeeded', [0, 500]),
    waveEnded(),
    baking(later(600)),
  ] as const

  it('are told apart up to 256, then it is paused and no more are counted', () => {
    const { events } = given(...large).when(regress(members))
    expect(events).toMatchObject([
      { type: 'MembersRegressed', data: { more: true, members: { length: 256 } } },
      pausedBy('More than 256 targets of wave 1 failed after they had succeeded.'),
    ])
    given(...large, ...events)
      .when(regress([400]))
      .thenNothing()
    const after = fold([...large, ...events])
    expect(hasBegun(after) && after.wave.counts).toMatchObject({ succeeded: 244, failed: 256 })
    expect(JSON.stringify(after).length).toBeLessThan(16_384)
  })
  it('are forgotten with the wave', () => {
    const { events } = given(...large).when(regress(members))
    const after = fold([...large, ...events, waveStarted(1)])
    expect(hasBegun(after) && after.wave.regressed).toEqual({ members: [], more: false })
  })
})

describe('a child', () => {
  const taken = (kind: 'retry' | 'rollback', outcome: ReportedRegression['outcome']) => {
    const members = new Set<number>()
    const events = [ended('succeeded', [0, 3]), regressed([1], { outcome })]
    for (const event of events)
      if (event.type === 'OutcomesRecorded' || event.type === 'MembersRegressed')
        takeForChild(kind, members, event)
    return [...members]
  }

  it('finds who has regressed: a retry tries them again, a rollback takes back who did not do so itself', () => {
    expect(taken('retry', 'failed')).toEqual([1])
    expect(taken('retry', 'rolled_back')).toEqual([1])
    expect(taken('rollback', 'failed')).toEqual([0, 1, 2])
    expect(taken('rollback', 'rolled_back')).toEqual([0, 2])
  })
})

describe('who has fallen silent while a wave was watched', () => {
  const day = 86_400
  const gate = { successRatePercent: 90 }
  const limits = { unreachable: { percent: 20, absolute: null } }
  const long = (changes: Partial<UpgradeRequest> = {}) =>
    [
      ...running([10, 20], {
        ...{ failures: everyFailureBorne, bakeSeconds: 2 * day, gate, ...limits, ...changes },
      }),
      ended('succeeded', [0, 10]),
      waveEnded(),
      baking(later(2 * day)),
    ] as const
  const silent = (members: number) => tick(calm, { wave: 0, members })

  it('is neither well nor failed', () => {
    given(...long(), regressed([0]))
      .when(silent(2), later(2 * day))
      .thenEvents(
        baked,
        { type: 'GateEvaluated', data: { ...judged('failed', 87.5).data, silent: 2 } },
        pausedBy('87.5 % succeeded, 90 % required'),
      )
  })
  it('leaves the gate inconclusive where there are more than may be unreachable', () => {
    given(...long())
      .when(silent(3), later(2 * day))
      .thenEvents(
        baked,
        { type: 'GateEvaluated', data: { ...judged('inconclusive', 100).data, silent: 3 } },
        pausedBy('nothing was heard of 3 since they succeeded, 2 allowed'),
      )
  })
  it('leaves nobody to judge, where all are', () => {
    given(...long({ unreachable: { percent: 100, absolute: null } }))
      .when(silent(10), later(2 * day))
      .thenEvents(
        baked,
        { type: 'GateEvaluated', data: { ...judged('inconclusive', null).data, silent: 10 } },
        pausedBy('no data to judge the wave by'),
      )
  })
  it('keeps a wave without a gate from passing, too', () => {
    given(...long({ gate: null }))
      .when(silent(3), later(2 * day))
      .thenTypes('BakeEnded', 'GateEvaluated', 'UpgradePaused')
    given(...long({ gate: null }))
      .when(silent(2), later(2 * day))
      .thenTypes('BakeEnded')
  })
  it('is asked for before a bake of more than a day ends, and never before a shorter one does', () => {
    given(...long())
      .when(tick(calm), later(2 * day))
      .thenNothing()
    given(...through({ gate }))
      .when(tick(calm), later(600))
      .thenTypes('BakeEnded', 'GateEvaluated')
  })
})
