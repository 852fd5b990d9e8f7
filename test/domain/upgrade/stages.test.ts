import { describe, it } from 'vitest'
import type { Following, UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { continueUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  attemptsEnd,
  baked,
  baking,
  driven,
  ended,
  everyFailureBorne,
  given,
  held,
  requested,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm, planOf } from './world.ts'

const asked = (percent: number, changes: Partial<Following> = {}) => ({
  ...{ percent, bakeSeconds: 0, gate: null, continueByHand: false, continueBySecondPerson: false },
  ...changes,
})

/** Of three stages the second has no wave: it bakes for a day, and what it asks is nobody's. */
function staged(
  first: Partial<Following>,
  last: Partial<Following> = {},
  changes: Partial<UpgradeRequest> = {},
) {
  const dropped = { bakeSeconds: 86_400, gate: { successRatePercent: 100 }, continueByHand: true }
  const percentages = [asked(10, first), asked(20, dropped), asked(100, last)]
  const plan: UpgradeEvent = {
    type: 'UpgradePlanned',
    data: { ...planOf(4, [2, 4]), droppedWaves: [20], entries: [0, 2] },
  }
  // What the request says beside them is not asked of any wave.
  const beside = { bakeSeconds: 999, gate: { successRatePercent: 100 }, continueByHand: true } as const
  const request = {
    strategy: 'percentages',
    percentages,
    failures: everyFailureBorne,
    ...beside,
    ...changes,
  } as const
  return [requested(request), driven(), plan] as const
}

const firstThrough = [waveStarted(), admitted([0, 2]), ended('succeeded', 0)] as const
const secondThrough = [
  ...[...firstThrough, ended('succeeded', 1), waveEnded(), waveStarted(1), admitted([2, 4], { wave: 1 })],
  ended('succeeded', 2),
] as const

describe('what follows a stage (design: #percentages)', () => {
  it('is its own bake, of no other and of no dropped one', () => {
    given(...staged({ bakeSeconds: 300 }), ...firstThrough)
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1), waveEnded(), baking(later(300)))
    given(...staged({}), ...firstThrough)
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1), waveEnded())
  })

  it('is its own gate', () => {
    const half = { gate: { successRatePercent: 50 } }
    given(...staged(half), ...firstThrough)
      .when(attemptsEnd('failed', 1))
      .thenEvents(ended('failed', 1), waveEnded(), {
        type: 'GateEvaluated',
        data: { wave: 0, result: 'passed', successRatePercent: 50, required: 50 },
      })
    given(...staged({ gate: { successRatePercent: 51 } }), ...firstThrough)
      .when(attemptsEnd('failed', 1))
      .thenTypes('OutcomesRecorded', 'WaveEnded', 'GateEvaluated', 'UpgradePaused')
  })

  it('is the gate of the last stage after the last wave, with its bake', () => {
    given(...staged({}, { bakeSeconds: 60, gate: { successRatePercent: 90 } }), ...secondThrough)
      .when(attemptsEnd('succeeded', 3))
      .thenTypes('OutcomesRecorded', 'WaveEnded', 'BakeStarted')
    given(...staged({}, { bakeSeconds: 60 }), ...secondThrough)
      .when(attemptsEnd('succeeded', 3))
      .thenTypes('OutcomesRecorded', 'WaveEnded')
  })

  it('is whoever it wants to continue, after its own bake', () => {
    const watched = [
      ...staged({ bakeSeconds: 300, continueByHand: true }),
      ...firstThrough,
      ...[ended('succeeded', 1), waveEnded(), baking(later(300))],
    ] as const
    given(...watched)
      .when(tick(calm), later(300))
      .thenEvents(baked, { type: 'ContinueAwaited', data: { wave: 0, until: later(300 + 604_800) } })
  })

  it('is a second person where it wants one, and anybody where it does not', () => {
    const waits: UpgradeEvent = { type: 'ContinueAwaited', data: { wave: 0, until: later(604_800) } }
    const story = (continueBySecondPerson: boolean) =>
      [
        ...staged({ continueByHand: true, continueBySecondPerson }),
        ...[...firstThrough, ended('succeeded', 1), waveEnded(), waits],
      ] as const
    const alice = continueUpgrade({ by: 'alice' }, calm)
    given(...story(true))
      .when(alice)
      .thenRejected('self-approval')
    given(...story(true))
      .when(continueUpgrade({ by: 'bob' }, calm))
      .thenTypes('ContinueGiven')
    given(...story(false))
      .when(alice)
      .thenTypes('ContinueGiven')
  })

  it('has to fit into the window with the bakes that are left', () => {
    const window = { start: later(0), end: later(7200) }
    const waits = [
      ...staged({ continueByHand: true }, {}, { window }),
      ...[...firstThrough, ended('succeeded', 1), waveEnded()],
      { type: 'ContinueAwaited', data: { wave: 0, until: later(604_800) } },
    ] as const
    // What the dropped stage would bake takes no time of it.
    given(...waits)
      .when(continueUpgrade({ by: 'bob' }, calm), later(6600))
      .thenTypes('ContinueGiven')
    given(...waits)
      .when(continueUpgrade({ by: 'bob' }, calm), later(6900))
      .thenRejected('window-too-short')
  })

  it('is held like any other while everything is stopped', () => {
    given(...staged({}), ...firstThrough, held('FREEZE', null, 'incident'))
      .when(attemptsEnd('succeeded', 1))
      .thenTypes('OutcomesRecorded', 'HoldLifted', 'WaveEnded')
  })
})
