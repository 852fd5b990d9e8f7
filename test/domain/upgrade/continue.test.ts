import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { continueUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { start } from '../given.ts'
import {
  aborting,
  completed,
  continueAwaited,
  ended,
  fold,
  given,
  type History,
  paused,
  requested,
  resumed,
  running,
  standingAfter,
  upgradeOf,
  waveEnded,
} from './stories.ts'
import { calm } from './world.ts'

const goOn = (by: string) => continueUpgrade({ by }, calm)
const continued = (by: string): UpgradeEvent => ({ type: 'ContinueGiven', data: { wave: 0, by } })
const moveAfter = (...history: History) => position(fold(history), start)

/** A canary of five that went well, after which Alice's upgrade of fifty waits for somebody. */
const canary = (changes = {}) =>
  [
    ...running([5, 50], { continueByHand: true, ...changes }),
    ended('succeeded', [0, 5]),
    waveEnded(),
    continueAwaited,
  ] as const

describe('continuing', () => {
  it('lets the next wave begin', () => {
    given(...canary())
      .when(goOn('bob'))
      .thenEvents(continued('bob'))
    expect(moveAfter(...canary())).toMatchObject({ move: 'gate', place: 0 })
    expect(moveAfter(...canary(), continued('bob'))).toMatchObject({ move: 'start-wave', place: 1 })
  })
  it('ends the hold that waited for it', () => {
    expect(standingAfter(...canary()).holds).toMatchObject([{ code: 'CONTINUE' }])
    expect(standingAfter(...canary(), continued('bob')).holds).toEqual([])
  })
  it('may be done by who asked for the upgrade', () => {
    given(...canary())
      .when(goOn('alice'))
      .thenEvents(continued('alice'))
  })
  it('takes a second person where the request wants one', () => {
    given(...canary({ continueBySecondPerson: true }))
      .when(goOn('alice'))
      .thenRejected('self-approval')
    given(...canary({ continueBySecondPerson: true }))
      .when(goOn('bob'))
      .thenEvents(continued('bob'))
  })
  it('is no resume: while the upgrade is paused it is taken note of, and the pause still holds', () => {
    given(...canary(), paused)
      .when(goOn('bob'))
      .thenEvents(continued('bob'))
    expect(moveAfter(...canary(), paused, continued('bob')).move).toBe('gate')
    expect(moveAfter(...canary(), paused, continued('bob'), resumed).move).toBe('start-wave')
  })
  it.each<[string, History]>([
    ['it is being planned', [requested()]],
    ['no wave has begun', upgradeOf([5, 50], { continueByHand: true })],
    ['its wave is at work', running([5, 50], { continueByHand: true })],
    ['somebody has continued it', [...canary(), continued('carol')]],
    ['it is being aborted and has something in flight', [...running([5, 50]), aborting()]],
  ])('is refused where the upgrade waits for nobody: %s', (_, history) => {
    given(...history)
      .when(goOn('bob'))
      .thenRejected('nothing-to-continue')
  })
  it('is refused where an abort has won, and where the upgrade is over or was never asked for', () => {
    given(...canary(), aborting())
      .when(goOn('bob'))
      .thenRejected('upgrade-aborting')
    given(...canary(), completed)
      .when(goOn('bob'))
      .thenRejected('upgrade-ended')
    given().when(goOn('bob')).thenRejected('upgrade-not-found')
  })
})
