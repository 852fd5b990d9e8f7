import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { later } from '../given.ts'
import {
  aborting,
  admitted,
  attemptsEnd,
  baking,
  completed,
  continueAwaited,
  deferred,
  driven,
  ended,
  everyFailureBorne,
  fold,
  given,
  type History,
  judged,
  nobodySucceeded,
  paused,
  planned,
  requested,
  resumed,
  retrying,
  running,
  skipped,
  standingAfter,
  stopped,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm, planOf } from './world.ts'

const startOf = (wave: number, generation = 1) => startWave({ wave, generation }, calm)
const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }

/** The first of two waves is over. */
const firstOver = [...running([2, 4]), ended('succeeded', [0, 2]), waveEnded()] as const

describe('starting a wave', () => {
  it('admits its members, and those of no other', () => {
    given(...upgradeOf([2, 4]))
      .when(startOf(0))
      .thenEvents(waveStarted(), admitted([0, 2]))
    given(...firstOver)
      .when(startOf(1))
      .thenEvents(waveStarted(1), admitted([2, 4], { wave: 1 }))
  })
  it('is done once', () => {
    given(...upgradeOf([2, 4]))
      .when(startOf(0))
      .thenIdempotent()
    given(...firstOver, waveStarted(1), admitted([2, 4], { wave: 1 }))
      .when(startOf(0))
      .thenNothing()
  })
  it('makes the upgrade run, from its first wave on', () => {
    expect(standingAfter(...upgradeOf(2), [waveStarted(), later(60)])).toMatchObject({
      ...{ status: 'running', wave: 0, startedAt: later(60) },
    })
    expect(standingAfter(...firstOver, [waveStarted(1), later(60)])).toMatchObject({
      ...{ status: 'running', wave: 1, startedAt: later(0) },
    })
  })
  it('never skips one', () => {
    given(...upgradeOf([2, 4]))
      .when(startOf(1))
      .thenNothing()
    given(...running([2, 4]))
      .when(startOf(1))
      .thenNothing()
  })
  it.each<[string, History, number]>([
    ['there is no plan', [requested(), driven()], 0],
    ['approvals are missing', upgradeOf(2, { approvals }), 0],
    ['it is paused', [...upgradeOf(2), paused], 0],
    ['its window has not opened', upgradeOf(2, { window: { start: later(60), end: later(3600) } }), 0],
    ['the wave before bakes', [...firstOver, baking(later(600))], 1],
    ['the gate did not pass', [...firstOver, judged('failed', 50)], 1],
    ['somebody is to continue', [...firstOver, continueAwaited], 1],
    ['it is paused between two waves', [...firstOver, paused], 1],
    ['it is being aborted', [...firstOver, aborting()], 1],
    ['there is no further wave', [...running(2), ended('succeeded', [0, 2]), waveEnded()], 1],
    ['it is over', [...running(2), ended('succeeded', [0, 2]), waveEnded(), completed], 1],
  ])('changes nothing while the upgrade may not: %s', (_, history, wave) => {
    given(...history)
      .when(startOf(wave))
      .thenNothing()
  })
  it('is refused to an execution that another has followed, or that is of no upgrade', () => {
    given(...upgradeOf(2), driven(2))
      .when(startOf(0, 1))
      .thenRejected('superseded')
    given(...upgradeOf(2))
      .when(startOf(0, 2))
      .thenRejected('superseded')
    given().when(startOf(0)).thenRejected('superseded')
  })
  it('admits nobody while everything is stopped, and the wave waits', () => {
    const { events } = given(...upgradeOf(2)).when(startWave({ wave: 0, generation: 1 }, stopped))
    expect(events.map(({ type }) => type)).toEqual(['WaveStarted', 'HoldPlaced'])
  })
  it('hands over to the next execution after 400 waves, before AWS would end it', () => {
    const thousand = { ...planOf(1000), waves: { kind: 'batches', size: 1 } as const }
    const plan: UpgradeEvent = { type: 'UpgradePlanned', data: thousand }
    const waves = Array.from({ length: 400 }, (_, wave) => [
      waveStarted(wave),
      admitted(wave, { wave }),
      ended('succeeded', wave),
      waveEnded(wave),
    ]).flat()
    given(requested(), driven(), plan, ...waves.slice(0, -4))
      .when(startOf(399))
      .thenEvents(waveStarted(399), admitted(399, { wave: 399 }))
    given(requested(), driven(), plan, ...waves)
      .when(startOf(400))
      .thenEvents(driven(2, '400 waves'))
    given(requested(), driven(), plan, ...waves, driven(2, '400 waves'))
      .when(startOf(400, 2))
      .thenEvents(waveStarted(400), admitted(400, { wave: 400 }))
  })
})

describe('a wave', () => {
  it('ends with the last of its members', () => {
    given(...running([2, 4]), ended('succeeded', 0))
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1), waveEnded())
  })
  it('does not end while one of them waits to be admitted', () => {
    const borne = { failures: everyFailureBorne }
    given(...running([2, 4], borne), deferred(0))
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1))
    given(...running([2, 4], borne), retrying(0, later(60)))
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1))
    given(...running([2, 4], { parallel: 1 }), paused)
      .when(attemptsEnd('succeeded', 0))
      .thenEvents(ended('succeeded', 0))
  })
  it('ends although the upgrade is paused, and the next one waits', () => {
    given(...running([2, 4]), paused)
      .when(attemptsEnd('succeeded', [0, 2]))
      .thenEvents(ended('succeeded', [0, 2]), waveEnded())
  })
  it('ends at once when all of its members were skipped ahead of it (I11)', () => {
    given(...upgradeOf([1, 2]), skipped(0))
      .when(startOf(0))
      .thenEvents(waveStarted(), waveEnded(), nobodySucceeded, {
        type: 'UpgradePaused',
        data: { by: 'drydock', reason: 'nobody has succeeded yet' },
      })
    given(...upgradeOf([1, 2]), skipped(0), waveStarted(), waveEnded(), nobodySucceeded, paused, resumed)
      .when(startOf(1))
      .thenEvents(waveStarted(1), admitted(1, { wave: 1 }))
  })
  it('begins its counts anew, and what was accepted in the one before is not accepted in it', () => {
    const accepted = [
      ...running([20, 40]),
      ended('failed', [0, 3]),
      paused,
      resumed,
      ended('succeeded', [3, 20]),
    ]
    const second = fold([...accepted, waveEnded(), waveStarted(1)])
    expect(second).toMatchObject({
      wave: { number: 1, counts: { failed: 0, succeeded: 0 }, acknowledged: { failed: 0, unreachable: 0 } },
    })
  })
  it('of 100,000 is taken in as far as the state has room for it, and comes to its end', () => {
    const all = { parallel: 100_000 }
    const open = 25 * 400
    given(...upgradeOf(100_000, all))
      .when(startOf(0))
      .thenEvents(waveStarted(), admitted([0, open]))
    given(...upgradeOf(100_000, all), waveStarted(), admitted([0, open]))
      .when(attemptsEnd('succeeded', [0, 400]))
      .thenEvents(ended('succeeded', [0, 400]), admitted([open, open + 400]))
    const nearlyThrough = Array.from({ length: 10 }, (_, round) => [
      admitted([round * open, (round + 1) * open]),
      ended('succeeded', [round * open, (round + 1) * open - 1]),
      ended('succeeded', (round + 1) * open - 1),
    ])
    const before = nearlyThrough.flat().slice(0, -1)
    given(requested(all), driven(), planned(100_000), waveStarted(), ...before)
      .when(attemptsEnd('succeeded', 99_999))
      .thenEvents(ended('succeeded', 99_999), waveEnded())
  })
})
