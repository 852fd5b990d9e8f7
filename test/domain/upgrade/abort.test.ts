import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { abortUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  attemptsEnd,
  completed,
  continueAwaited,
  deferred,
  ended,
  everyFailureBorne,
  given,
  givenUp,
  held,
  paused,
  requested,
  retrying,
  running,
  standingAfter,
  upgradeOf,
  waveEnded,
} from './stories.ts'
import { calm } from './world.ts'

const abort = abortUpgrade({ by: 'alice', reason: 'stop', rollBack: false })
const takeBack = abortUpgrade({ by: 'alice', reason: 'stop', rollBack: true })
const breakGlass = abortUpgrade({ by: 'alice', reason: 'stop', rollBack: true, breakGlass: 'loses orders' })
const oneByOne = running(3, { parallel: 1 })

describe('aborting', () => {
  it('is recorded with what is to become of the targets that were touched', () => {
    given(...oneByOne)
      .when(abort)
      .thenEvents(aborting())
    given(...oneByOne)
      .when(takeBack)
      .thenEvents(aborting({ rollBack: true }))
  })
  it('admits nobody from then on, and ends the wave with the last one in flight', () => {
    given(...oneByOne, aborting())
      .when(attemptsEnd('succeeded', 0))
      .thenTypes('OutcomesRecorded', 'WaveEnded')
    const waiting = running(3, { failures: everyFailureBorne, parallel: 2 })
    given(...waiting, retrying(0, later(60)), aborting(), givenUp(0))
      .when(tick(calm), later(60))
      .thenNothing()
  })
  it('counts at once as failed who waits to be tried again, and leaves out who was busy', () => {
    const waiting = running(3, { failures: everyFailureBorne })
    const history = [...waiting, retrying(0, later(60)), deferred(1)] as const
    const leftOut = { members: [[1, 2] satisfies [number, number]], was: 'deferred' as const, by: 'alice' }
    const skipped: UpgradeEvent = { type: 'MembersSkipped', data: { ...leftOut, code: 'aborted' } }
    given(...history)
      .when(abort)
      .thenEvents(aborting(), givenUp(0), skipped)
    given(...history)
      .when(abort)
      .thenIdempotent()
    expect(standingAfter(...history, aborting(), givenUp(0), skipped).counts).toMatchObject({
      ...{ inFlight: 1, retrying: 0, deferred: 0, failed: 1, skipped: 1 },
    })
  })
  it('does so too where more failures than the wave bears bring it about', () => {
    const failures = { percent: 0, absolute: 0, action: 'abort' } as const
    const { events } = given(...running(3, { failures }), retrying(0, later(60))).when(
      attemptsEnd('failed', 1),
    )
    const [, breach, abort, after] = events
    expect([breach?.type, abort?.type, after]).toEqual(['ThresholdBreached', 'AbortRequested', givenUp(0)])
  })
  it('ends at once a wave that has nothing in flight, whoever waits in it to be tried again', () => {
    given(...running(2, { failures: everyFailureBorne }), retrying(0, later(60)), deferred(1))
      .when(abort)
      .thenTypes('AbortRequested', 'RetriesGivenUp', 'MembersSkipped', 'WaveEnded')
  })
  it('comes before bake and gate, which have nothing to decide any more', () => {
    given(
      ...running([1, 2], { bakeSeconds: 600, gate: { successRatePercent: 90 }, continueByHand: true }),
      aborting(),
    )
      .when(attemptsEnd('succeeded', 0))
      .thenTypes('OutcomesRecorded', 'WaveEnded')
  })
  it('tries nobody again', () => {
    const { events } = given(...running(2, { retry: { attempts: 2, delaySeconds: 60 } }), aborting()).when(
      attemptsEnd('failed', 0, { retryable: true }),
    )
    expect(events).toMatchObject([
      { type: 'OutcomesRecorded', data: { outcomes: [{ again: null }], due: [] } },
    ])
  })
  it('wins over a pause and over all that holds the upgrade', () => {
    given(...oneByOne, paused)
      .when(abort)
      .thenEvents(aborting())
    const history = [...oneByOne, held('FREEZE', null, 'incident'), paused, aborting()] as const
    expect(standingAfter(...history)).toMatchObject({ status: 'aborting', holds: [] })
  })
  it('is possible before there is a plan, before a wave has begun and between two waves', () => {
    given(requested()).when(abort).thenEvents(aborting())
    given(...upgradeOf(3))
      .when(abort)
      .thenEvents(aborting())
    given(...running([1, 2], { continueByHand: true }), ended('succeeded', 0), waveEnded(), continueAwaited)
      .when(abort)
      .thenEvents(aborting())
  })
  it('is nothing new the second time, even after the end that it led to', () => {
    given(...oneByOne)
      .when(abort)
      .thenIdempotent()
    given(...oneByOne)
      .when(breakGlass)
      .thenIdempotent()
    given(requested(), aborting(), { type: 'UpgradeAborted', data: {} }).when(abort).thenNothing()
  })
  it('is recorded again where it asks for more: to take back, or to do so in spite of the stop', () => {
    given(...oneByOne, aborting())
      .when(takeBack)
      .thenEvents(aborting({ rollBack: true }))
    given(...oneByOne, aborting({ rollBack: true }))
      .when(breakGlass)
      .thenEvents(aborting({ rollBack: true, breakGlass: 'loses orders' }))
  })
  it('adds to the one before, and takes nothing of it away', () => {
    const glass = { rollBack: true, breakGlass: 'loses orders' }
    given(...oneByOne, aborting({ rollBack: true }))
      .when(abortUpgrade({ by: 'bob', reason: 'now', rollBack: false, breakGlass: 'loses orders' }))
      .thenEvents(aborting({ by: 'bob', reason: 'now', ...glass }))
    given(...oneByOne, aborting({ breakGlass: 'loses orders' }))
      .when(takeBack)
      .thenEvents(aborting(glass))
  })
  it('is not taken down by one that asks for less', () => {
    given(...oneByOne, aborting({ rollBack: true }))
      .when(abort)
      .thenNothing()
    given(...oneByOne, aborting({ rollBack: true, breakGlass: 'loses orders' }))
      .when(takeBack)
      .thenNothing()
  })
  it('of a rollback takes nothing back: it is refused with that, and goes through without', () => {
    const back = running(3, { parallel: 1, kind: 'rollback', parent: 'u0' })
    for (const command of [takeBack, breakGlass])
      given(...back)
        .when(command)
        .thenRejected('rollback-of-rollback')
    given(...back)
      .when(abort)
      .thenEvents(aborting())
    given(...back, aborting())
      .when(takeBack)
      .thenRejected('rollback-of-rollback')
  })
  it('is refused where the upgrade is over, be it for asking more than the abort that ended it', () => {
    given(...oneByOne, completed)
      .when(abort)
      .thenRejected('upgrade-ended')
    given(requested(), aborting(), { type: 'UpgradeAborted', data: {} })
      .when(takeBack)
      .thenRejected('upgrade-ended')
    given().when(abort).thenRejected('upgrade-not-found')
  })
})
