import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { pauseUpgrade, resumeUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { later } from '../given.ts'
import {
  aborting,
  acknowledging,
  admitted,
  attemptsEnd,
  completed,
  ended,
  fold,
  given,
  type History,
  held,
  paused,
  requested,
  resumed,
  running,
  standingAfter,
  stopped,
  unseen,
  upgradeOf,
  windowSet,
} from './stories.ts'
import { calm } from './world.ts'

const pause = pauseUpgrade({ by: 'alice', reason: 'look' })
const resume = resumeUpgrade({ by: 'alice' }, calm)
const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }
const oneByOne = running(3, { parallel: 1 })

/** A pause in the middle, of a wave in which one of three has succeeded. */
const interrupted = [...oneByOne, paused, ended('succeeded', 0)] as const

describe('pausing', () => {
  it('is recorded once', () => {
    given(...oneByOne)
      .when(pause)
      .thenEvents(paused)
    given(...oneByOne)
      .when(pause)
      .thenIdempotent()
  })
  it('admits nobody from then on, while what is in flight comes to its end', () => {
    given(...oneByOne, paused)
      .when(attemptsEnd('succeeded', 0))
      .thenTypes('OutcomesRecorded')
  })
  it('holds the upgrade until an operator resumes', () => {
    expect(standingAfter(...oneByOne, paused)).toMatchObject({
      status: 'paused',
      holds: [{ code: 'OPERATOR', ref: 'look' }],
    })
  })
  it('is possible before the upgrade begins', () => {
    given(...upgradeOf(3))
      .when(pause)
      .thenEvents(paused)
    given(...upgradeOf(3, { approvals }))
      .when(pause)
      .thenEvents(paused)
  })
  it('is refused while there is no plan, where nothing could be admitted', () => {
    given(requested()).when(pause).thenRejected('not-planned')
  })
  it('accepts nothing that it does not acknowledge', () => {
    given(...running(20), ended('failed', [0, 2]), paused, resumed)
      .when(attemptsEnd('failed', 2))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
  it('is refused where it acknowledges fewer than there are, or nothing though a limit is exceeded', () => {
    const seen = (failed: number, unreachable = 0) =>
      resumeUpgrade({ by: 'alice', acknowledge: { failed, unreachable } }, calm)
    const breach: UpgradeEvent = {
      type: 'ThresholdBreached',
      data: { wave: 0, kind: 'failures', count: 3, allowed: 2, action: 'pause' },
    }
    const halted = [...running(20), ended('failed', [0, 3]), breach, paused] as const
    given(...halted)
      .when(resume)
      .thenRejected('not-acknowledged', unseen(['', ''], ['3', '0']))
    given(...halted)
      .when(seen(2))
      .thenRejected('more-failed', unseen(['2', '0'], ['3', '0']))
    given(...halted, ended('failed', 3))
      .when(seen(3))
      .thenRejected('more-failed', unseen(['3', '0'], ['4', '0']))
    given(...halted, ended('unreachable', 3))
      .when(seen(3))
      .thenRejected('more-failed', unseen(['3', '0'], ['3', '1']))
    given(...halted)
      .when(seen(3))
      .thenEvents(acknowledging(3))
    given(...halted)
      .when(seen(4))
      .thenEvents(acknowledging(3))
  })
  it('is refused where an abort has won, and where the upgrade is over or was never asked for', () => {
    given(...oneByOne, aborting())
      .when(pause)
      .thenRejected('upgrade-aborting')
    given(...oneByOne, completed)
      .when(pause)
      .thenRejected('upgrade-ended')
    given().when(pause).thenRejected('upgrade-not-found')
  })
})

describe('resuming', () => {
  it('admits at once whoever may be admitted', () => {
    given(...interrupted)
      .when(resume)
      .thenEvents(resumed, admitted(1))
  })
  it('is recorded once, and changes nothing where nobody has paused', () => {
    given(...interrupted)
      .when(resume)
      .thenIdempotent()
    given(...oneByOne)
      .when(resume)
      .thenNothing()
    given(requested()).when(resume).thenNothing()
  })
  it.each<[string, History]>([
    ['pending_approval', upgradeOf(3, { approvals })],
    ['scheduled', upgradeOf(3)],
    ['running', oneByOne],
  ])('goes on where the pause came: %s', (status, history) => {
    expect(standingAfter(...history, paused, resumed)).toMatchObject({ status })
    expect(
      standingAfter(...history, paused, paused, resumed),
      'a second pause interrupts nothing',
    ).toMatchObject({ status })
  })
  it('does not break the stop', () => {
    given(...interrupted)
      .when(resumeUpgrade({ by: 'alice' }, stopped))
      .thenEvents(resumed, held('FREEZE', null, 'incident'))
  })
  it('accepts the failures that it acknowledges: only what comes on top counts against the limit', () => {
    const halted = [...running(20), ended('failed', [0, 3]), paused, acknowledging(3)] as const
    given(...halted)
      .when(attemptsEnd('failed', [3, 5]))
      .thenTypes('OutcomesRecorded')
    given(...halted)
      .when(attemptsEnd('failed', [3, 6]))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
  it('accepts the unreachable ones alike', () => {
    const halted = [...running(20), ended('unreachable', [0, 3]), paused, acknowledging(0, 3)] as const
    given(...halted)
      .when(attemptsEnd('unreachable', [3, 5]))
      .thenTypes('OutcomesRecorded')
    given(...halted)
      .when(attemptsEnd('unreachable', [3, 6]))
      .thenTypes('OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused')
  })
  it('is refused where an abort has won, and where the upgrade is over or was never asked for', () => {
    given(...oneByOne, aborting())
      .when(resume)
      .thenRejected('upgrade-aborting')
    given(...oneByOne, completed)
      .when(resume)
      .thenRejected('upgrade-ended')
    given().when(resume).thenRejected('upgrade-not-found')
  })
})

describe('resuming in another window', () => {
  const window = { start: later(0), end: later(3600) }
  const next = { start: later(7200), end: later(10_800) }
  const inNext = resumeUpgrade({ by: 'alice', window: next }, calm)

  it('sets it, and waits for it', () => {
    given(...running(3, { window, parallel: 1 }), paused)
      .when(inNext)
      .thenEvents(windowSet(next), resumed, held('WINDOW_CLOSED', next.start, next.end))
    given(...running(3, { window, parallel: 1 }), paused)
      .when(inNext)
      .thenIdempotent()
  })
  it('needs no pause before it', () => {
    given(...running(3, { window, parallel: 1 }))
      .when(inNext)
      .thenEvents(windowSet(next), held('WINDOW_CLOSED', next.start, next.end))
  })
  it('gives one to an upgrade that had none, planned or not', () => {
    given(requested()).when(inNext).thenEvents(windowSet(next))
    expect(fold([requested(), windowSet(next)])).toMatchObject({ window: next })
  })
  it('says nothing of a window where it is the one that the upgrade has', () => {
    const same = resumeUpgrade({ by: 'alice', window }, calm)
    given(...running(3, { window, parallel: 1 }))
      .when(same)
      .thenNothing()
    given(...running(3, { window, parallel: 1 }), paused)
      .when(same)
      .thenEvents(resumed)
  })
  it('takes one for another that ends at another time', () => {
    const longer = { ...window, end: later(4000) }
    given(...running(3, { window, parallel: 1 }))
      .when(resumeUpgrade({ by: 'alice', window: longer }, calm))
      .thenEvents(windowSet(longer))
  })
})
