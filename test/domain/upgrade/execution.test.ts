import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { endExecution, finishUpgrade } from '../../../functions/domain/upgrade/execution.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  completed,
  continueAwaited,
  driven,
  ended,
  given,
  type History,
  judged,
  paused,
  planned,
  requested,
  resumed,
  running,
  skipped,
  standingAfter,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm } from './world.ts'

const minute = 60
const overBy = (generation: number) => ({ generation, status: 'ABORTED', cause: null })
const endOf = (generation: number) => endExecution(overBy(generation))
const over = (generation: number): UpgradeEvent => ({ type: 'ExecutionEnded', data: overBy(generation) })
const next = (generation: number) => driven(generation, 'the execution ended early')
const aborted: UpgradeEvent = { type: 'UpgradeAborted', data: {} }

const continued: UpgradeEvent = { type: 'ContinueGiven', data: { wave: 0, by: 'bob' } }

/** The first of two waves is over, and somebody is to continue; until then executions find nothing to do. */
const waiting = [
  ...running([1, 2], { continueByHand: true }),
  ended('succeeded', 0),
  waveEnded(),
  continueAwaited,
] as const

/** So many executions in a row got nothing done, after the first one did; the last of them has ended, each when it began. */
function fruitless(howMany: number): History {
  const ends = Array.from({ length: howMany + 1 }, (_, place) => [over(place + 1), next(place + 2)])
  return [...waiting, ...ends.flat().slice(0, -1)]
}

describe('an execution that ends early', () => {
  it('is followed at once by the next one when it got anything done', () => {
    given(...running(3))
      .when(endOf(1))
      .thenEvents(over(1), next(2))
    expect(standingAfter(...running(3), over(1), next(2)).generation).toBe(2)
  })
  it('is taken note of once', () => {
    given(...running(3))
      .when(endOf(1))
      .thenIdempotent()
    given(...running(3), over(1), next(2))
      .when(endOf(2))
      .thenIdempotent()
    given(...running(3), over(1), next(2), over(2))
      .when(endOf(2))
      .thenNothing()
  })
  it('is not followed at once when it got nothing done', () => {
    given(...running(3), over(1), next(2))
      .when(endOf(2))
      .thenEvents(over(2))
  })
  it.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [6, 32],
    [7, 60],
    [9, 60],
  ])('as the %i. in a row without progress lets the next one wait for %i minutes', (howMany, minutes) => {
    const history = fruitless(howMany)
    given(...history)
      .when(tick(calm), later(minutes * minute - 1))
      .thenNothing()
    given(...history)
      .when(tick(calm), later(minutes * minute))
      .thenEvents(next(howMany + 2))
  })
  it.each<[string, History, UpgradeEvent]>([
    ['a plan', [requested()], planned(3)],
    ['a wave that begins', upgradeOf(3), waveStarted()],
    ['an attempt that ends', running(3), ended('succeeded', 0)],
    ['a wave that ends', [...running([2, 4]), ended('succeeded', [0, 2])], waveEnded()],
    ['the word to go on', waiting, continued],
  ])('has made progress with %s', (_, before, event) => {
    given(...before, driven(2), event)
      .when(endOf(2))
      .thenEvents(over(2), next(3))
  })
  it('has made none with what an operator holds, lets go on or takes out', () => {
    given(...running(3, { parallel: 1 }), driven(2), paused, resumed, skipped(2))
      .when(endOf(2))
      .thenEvents(over(2))
  })
  it('ends the row of fruitless ones when it made progress', () => {
    const history = [...fruitless(3), next(5), continued] as const
    given(...history)
      .when(endOf(5))
      .thenEvents(over(5), next(6))
    given(...history, over(5), next(6))
      .when(endOf(6))
      .thenEvents(over(6))
    given(...history, over(5), next(6), over(6))
      .when(tick(calm), later(minute))
      .thenEvents(next(7))
  })
  it('is nobody’s business when another has followed it, when the upgrade is over, and where there is none', () => {
    given(...running(3), over(1), next(2))
      .when(endOf(1))
      .thenNothing()
    given(...running(3), completed)
      .when(endOf(1))
      .thenNothing()
    given().when(endOf(1)).thenNothing()
  })
})

describe('finishing', () => {
  const finish = finishUpgrade({ generation: 1 })
  const through = [...running(30), ended('succeeded', [0, 29])] as const

  it('completes the upgrade whose waves are through', () => {
    given(...through, ended('succeeded', 29), waveEnded())
      .when(finish)
      .thenEvents(completed)
  })
  it.each(['failed', 'unreachable', 'skipped'] as const)(
    'completes it with exceptions where one %s',
    (outcome) => {
      given(...through, ended(outcome, 29), waveEnded())
        .when(finish)
        .thenEvents({ type: 'UpgradeCompleted', data: { exceptions: true } })
    },
  )
  it('is done once', () => {
    given(...through, ended('succeeded', 29), waveEnded())
      .when(finish)
      .thenIdempotent()
    given(requested(), driven(), aborting()).when(finish).thenIdempotent()
  })
  it('ends what was aborted, as soon as nothing is in flight', () => {
    given(...running(3), aborting())
      .when(finish)
      .thenNothing()
    given(...running(3), aborting(), ended('succeeded', [0, 3]), waveEnded())
      .when(finish)
      .thenEvents(aborted)
    given(requested(), driven(), aborting()).when(finish).thenEvents(aborted)
  })
  it('waits for what has not been: a wave, a pause that somebody has to end', () => {
    given(...through)
      .when(finish)
      .thenNothing()
    given(...running([1, 2]), ended('succeeded', 0), waveEnded())
      .when(finish)
      .thenNothing()
    given(...running([1, 2]), ended('succeeded', 0), waveEnded(), paused)
      .when(finish)
      .thenNothing()
    given(...upgradeOf(3))
      .when(finish)
      .thenNothing()
  })
  it('is not held by a pause where everybody is through and nothing is left to judge', () => {
    given(...through, paused, ended('failed', 29), waveEnded())
      .when(finish)
      .thenEvents({ type: 'UpgradeCompleted', data: { exceptions: true } })
    given(...through, ended('succeeded', 29), waveEnded(), paused)
      .when(finish)
      .thenEvents(completed)
  })
  it('waits for somebody to look at more failures than the wave bears, and at a gate that did not pass', () => {
    given(...running(30), ended('succeeded', [0, 26]), ended('failed', [26, 30]), paused, waveEnded())
      .when(finish)
      .thenNothing()
    given(...running(30), ended('succeeded', [0, 26]), ended('unreachable', [26, 30]), paused, waveEnded())
      .when(finish)
      .thenNothing()
    given(...through, ended('succeeded', 29), waveEnded(), judged('inconclusive', null), paused)
      .when(finish)
      .thenNothing()
  })
  it('waits for what an aborted upgrade is to take back', () => {
    given(...running(2), aborting({ rollBack: true }), ended('succeeded', [0, 2]), waveEnded())
      .when(finish)
      .thenNothing()
  })
  it('changes nothing after the end, whichever execution asks', () => {
    given(...through, completed)
      .when(finishUpgrade({ generation: 7 }))
      .thenNothing()
  })
  it('is refused to an execution that another has followed, or that is of no upgrade', () => {
    given(...through, ended('succeeded', 29), waveEnded(), driven(2))
      .when(finish)
      .thenRejected('superseded')
    given().when(finish).thenRejected('superseded')
  })
})
