import { describe, expect, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { endBakeEarly, resumeUpgrade, skipMember } from '../../../functions/domain/upgrade/control.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  acknowledging,
  admitted,
  attemptsEnd,
  baked,
  baking,
  continueAwaited,
  ended,
  everyFailureBorne,
  fold,
  given,
  type History,
  judged,
  nobodySucceeded,
  paused,
  resumed,
  running,
  skipped,
  standingAfter,
  unseen,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm } from './world.ts'

const gate = { successRatePercent: 90 }
const resume = resumeUpgrade({ by: 'alice' }, calm)
const moveAfter = (history: History, now = later(0)) => position(fold(history), now)

/** A wave of ten before one of ten more; every failure is borne. */
const wave = (changes: Partial<UpgradeRequest> = {}) =>
  running([10, 20], { failures: everyFailureBorne, ...changes })

/** So many of the ten have failed, and the last one is in flight. */
const allButOne = (failed: number, changes: Partial<UpgradeRequest> = {}) =>
  [...wave({ gate, ...changes }), ended('failed', [0, failed]), ended('succeeded', [failed, 9])] as const

const pausedBy = (reason: string): UpgradeEvent => ({
  type: 'UpgradePaused',
  data: { by: 'drydock', reason },
})

describe('a bake', () => {
  const bakeSeconds = 600

  it('follows the wave, and the gate follows the bake', () => {
    given(...allButOne(0, { bakeSeconds }))
      .when(attemptsEnd('succeeded', 9))
      .thenEvents(ended('succeeded', 9), waveEnded(), baking(later(600)))
  })
  it('holds the upgrade until it ends', () => {
    const history = [...wave({ bakeSeconds }), ended('succeeded', [0, 10]), waveEnded(), baking(later(600))]
    expect(standingAfter(...history).holds).toMatchObject([{ code: 'BAKING', until: later(600) }])
    expect(moveAfter(history)).toMatchObject({ move: 'bake', timeoutSeconds: 600 })
    expect(standingAfter(...history, baked).holds).toEqual([])
    expect(moveAfter([...history, baked]).move).toBe('start-wave')
  })
  it('ends at its instant and not before, once', () => {
    const history = [
      ...wave({ bakeSeconds }),
      ended('succeeded', [0, 10]),
      waveEnded(),
      baking(later(600)),
    ] as const
    given(...history)
      .when(tick(calm), later(599))
      .thenNothing()
    given(...history)
      .when(tick(calm), later(600))
      .thenEvents(baked)
    given(...history)
      .when(tick(calm), later(600))
      .thenIdempotent()
  })
  it('goes on while the upgrade is paused', () => {
    given(...wave({ bakeSeconds }), ended('succeeded', [0, 10]), waveEnded(), baking(later(600)), paused)
      .when(tick(calm), later(600))
      .thenEvents(baked)
  })
  it('follows the last wave only where a gate is to judge it', () => {
    given(...running(2, { bakeSeconds }), ended('succeeded', 0))
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1), waveEnded())
    given(...running(2, { bakeSeconds, gate }), ended('succeeded', 0))
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1), waveEnded(), baking(later(600)))
  })
})

describe('a gate', () => {
  it('passes at the very rate that is required', () => {
    given(...allButOne(1))
      .when(attemptsEnd('succeeded', 9))
      .thenEvents(ended('succeeded', 9), waveEnded(), judged('passed', 90))
  })
  it('fails below it, and somebody has to look', () => {
    given(...allButOne(1))
      .when(attemptsEnd('failed', 9))
      .thenEvents(
        ended('failed', 9),
        waveEnded(),
        judged('failed', 80),
        pausedBy('80 % succeeded, 90 % required'),
      )
  })
  it('takes back what it has failed on, where the request says so, and waits for nobody', () => {
    for (const [action, rollBack] of [
      ['rollback', true],
      ['abort', false],
    ] as const) {
      given(...allButOne(1, { gate: { ...gate, action }, continueByHand: true }))
        .when(attemptsEnd('failed', 9))
        .thenEvents(
          ended('failed', 9),
          waveEnded(),
          judged('failed', 80),
          aborting({ by: 'drydock', reason: '80 % succeeded, 90 % required', rollBack }),
        )
    }
  })
  it('takes nothing back where nobody can tell: somebody is to look', () => {
    given(...wave({ gate: { ...gate, action: 'rollback' } }))
      .when(attemptsEnd('skipped', [0, 10]))
      .thenEvents(
        ended('skipped', [0, 10]),
        waveEnded(),
        judged('inconclusive', null),
        pausedBy('no data to judge the wave by'),
      )
  })
  it('judges after the bake', () => {
    const history = [
      ...wave({ gate, bakeSeconds: 600 }),
      ended('failed', [0, 10]),
      waveEnded(),
      baking(later(600)),
    ]
    given(...history)
      .when(tick(calm), later(600))
      .thenEvents(baked, judged('failed', 0), pausedBy('0 % succeeded, 90 % required'))
  })
  it('counts who was unreachable against the wave, and who was skipped not at all', () => {
    given(...wave({ gate, unreachable: { percent: 100, absolute: null } }), ended('unreachable', [0, 2]))
      .when(attemptsEnd('succeeded', [2, 10]))
      .thenTypes('OutcomesRecorded', 'WaveEnded', 'GateEvaluated', 'UpgradePaused')
    given(...wave({ gate }), ended('skipped', [0, 5]))
      .when(attemptsEnd('succeeded', [5, 10]))
      .thenEvents(ended('succeeded', [5, 10]), waveEnded(), judged('passed', 100))
  })
  it('tells the rate in hundredths, rounded down, and judges by the rate itself', () => {
    const third = running([3, 4], { failures: everyFailureBorne, gate: { successRatePercent: 66.67 } })
    const { events } = given(...third, ended('failed', 0)).when(attemptsEnd('succeeded', [1, 3]))
    expect(events[2]).toMatchObject({
      data: { result: 'failed', successRatePercent: 66.66, required: 66.67 },
    })
  })
  it('takes no data for a hold, never for a pass', () => {
    given(...wave({ gate }))
      .when(attemptsEnd('skipped', [0, 10]))
      .thenEvents(
        ended('skipped', [0, 10]),
        waveEnded(),
        judged('inconclusive', null),
        pausedBy('no data to judge the wave by'),
      )
  })
  it('judges each wave by itself', () => {
    const second = [
      ...wave({ gate }),
      ended('succeeded', [0, 10]),
      waveEnded(),
      judged('passed', 100),
      waveStarted(1),
      admitted([10, 20], { wave: 1 }),
    ] as const
    const { events } = given(...second).when(attemptsEnd('failed', [10, 20]))
    expect(events[2]).toMatchObject({ data: { wave: 1, result: 'failed', successRatePercent: 0 } })
  })
  it.each([
    ['GATE_FAILED', judged('failed', 80), '80 % succeeded'],
    ['GATE_INCONCLUSIVE', judged('inconclusive', null), 'no data'],
  ] as const)('that did not pass holds the upgrade as %s until somebody resumes', (code, verdict, ref) => {
    const history = [...wave({ gate }), ended('failed', [0, 10]), waveEnded(), verdict, paused]
    expect(standingAfter(...history).holds).toMatchObject([{ code, ref }, { code: 'OPERATOR' }])
    expect(moveAfter(history).move).toBe('gate')
    expect(standingAfter(...history, resumed).holds).toEqual([])
    expect(moveAfter([...history, resumed])).toMatchObject({ move: 'start-wave', place: 1 })
  })
})

describe('the wait for somebody to continue', () => {
  it('follows the wave where the request wants it, at once or after its bake and gate', () => {
    given(...wave({ continueByHand: true }))
      .when(attemptsEnd('succeeded', [0, 10]))
      .thenEvents(ended('succeeded', [0, 10]), waveEnded(), continueAwaited)
    given(...allButOne(0, { continueByHand: true }))
      .when(attemptsEnd('succeeded', 9))
      .thenEvents(ended('succeeded', 9), waveEnded(), judged('passed', 100), continueAwaited)
    const bake = [
      ...wave({ continueByHand: true, bakeSeconds: 600 }),
      ended('succeeded', [0, 10]),
      waveEnded(),
    ]
    given(...bake, baking(later(600)))
      .when(tick(calm), later(600))
      .thenEvents(baked, { type: 'ContinueAwaited', data: { wave: 0, until: later(600 + 7 * 86_400) } })
  })
  it('does not follow the last wave, after which nothing comes', () => {
    given(...running(2, { continueByHand: true }))
      .when(attemptsEnd('succeeded', [0, 2]))
      .thenEvents(ended('succeeded', [0, 2]), waveEnded())
  })
  it('comes after what a gate found was accepted, which is not yet the word to go on', () => {
    const found = [
      ...wave({ gate, continueByHand: true }),
      ended('failed', [0, 10]),
      waveEnded(),
      judged('failed', 0),
    ]
    given(...found, paused)
      .when(resume)
      .thenRejected('not-acknowledged', unseen(['', ''], ['10', '0']))
    const seen = resumeUpgrade({ by: 'alice', acknowledge: { failed: 10, unreachable: 0 } }, calm)
    given(...found, paused)
      .when(seen)
      .thenEvents(acknowledging(10), continueAwaited)
    given(...found, paused)
      .when(seen)
      .thenIdempotent()
  })
})

describe('a wave that has no gate', () => {
  const halt: UpgradeEvent = {
    type: 'UpgradePaused',
    data: { by: 'drydock', reason: 'nobody has succeeded yet' },
  }

  it.each(['skipped', 'unreachable', 'failed'] as const)(
    'lets nothing follow before anybody has succeeded: all of it %s',
    (outcome) => {
      const borne = { failures: everyFailureBorne, unreachable: { percent: 100, absolute: null } }
      given(...running([2, 20], borne))
        .when(attemptsEnd(outcome, [0, 2]))
        .thenEvents(ended(outcome, [0, 2]), waveEnded(), nobodySucceeded, halt)
    },
  )
  it('is followed once somebody has, though nobody of its own did', () => {
    given(...running([2, 4, 20]), ended('succeeded', [0, 2]), waveEnded(), waveStarted(1), skipped([2, 3]))
      .when(skipMember({ member: 3, by: 'alice' }, calm))
      .thenTypes('MembersSkipped', 'WaveEnded')
  })
  it('is the end where it is the last: nothing follows that it could harm', () => {
    given(...running(2))
      .when(attemptsEnd('skipped', [0, 2]))
      .thenEvents(ended('skipped', [0, 2]), waveEnded())
  })
  it('waits for a person then, who may go on', () => {
    const empty = [...running([2, 20]), ended('skipped', [0, 2]), waveEnded(), nobodySucceeded, halt] as const
    expect(standingAfter(...empty)).toMatchObject({
      status: 'paused',
      holds: [{ code: 'GATE_INCONCLUSIVE' }, { code: 'OPERATOR', ref: 'nobody has succeeded yet' }],
    })
    expect(position(fold([...empty]), later(0))).toMatchObject({ move: 'gate', place: 0 })
    expect(position(fold([...empty, resumed]), later(0))).toMatchObject({ move: 'start-wave', place: 1 })
  })
})

describe('a bake that somebody ends early', () => {
  const end = endBakeEarly({ by: 'alice', reason: 'seen enough' })
  const early: UpgradeEvent = { type: 'BakeEnded', data: { wave: 0, by: 'alice', reason: 'seen enough' } }
  const watched = [
    ...running([2, 20], { bakeSeconds: 600, continueByHand: true }),
    ended('succeeded', [0, 2]),
    waveEnded(),
    baking(later(600)),
  ] as const

  it('is over, and what follows a bake follows, with its reason in the log', () => {
    given(...watched)
      .when(end, later(0))
      .thenEvents(early, continueAwaited)
    given(...watched, paused)
      .when(end, later(0))
      .thenEvents(early, continueAwaited)
  })
  it('is refused where nothing bakes', () => {
    given(...watched, early)
      .when(end)
      .thenRejected('nothing-to-end')
    given(...running(2))
      .when(end)
      .thenRejected('nothing-to-end')
    given(...watched, aborting())
      .when(end)
      .thenRejected('upgrade-aborting')
    given().when(end).thenRejected('upgrade-not-found')
  })
})
