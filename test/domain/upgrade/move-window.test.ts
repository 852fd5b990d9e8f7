import { describe, expect, it } from 'vitest'
import { moveWindow } from '../../../functions/domain/upgrade/control.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  completed,
  driven,
  ended,
  fold,
  given,
  held,
  lifted,
  paused,
  planned,
  plannedAhead,
  running,
  standingAfter,
  stopped,
  upgradeOf,
  windowSet,
} from './stories.ts'
import { calm, requestOf } from './world.ts'

const window = { start: later(0), end: later(3600) }
const next = { start: later(86_400), end: later(90_000) }
const open = moveWindow({ window: next, by: 'drydock' }, calm)

/** A profile's upgrade, one target after the other, of which the window let only the first be upgraded. */
const unfinished = [
  ...running(3, { window, parallel: 1 }),
  ended('succeeded', 0),
  held('WINDOW_CLOSED', null, window.end),
] as const

describe('a window that has opened', () => {
  it('is given to the upgrade that the last one did not finish, which goes on in it', () => {
    given(...unfinished)
      .when(open, next.start)
      .thenEvents(
        windowSet(next, 'drydock'),
        lifted('WINDOW_CLOSED'),
        admitted(1, { acceptBy: later(87_000) }),
      )
  })
  it('is given once, and never one that began no later than what the upgrade has', () => {
    given(...unfinished)
      .when(open, next.start)
      .thenIdempotent()
    given(...unfinished)
      .when(moveWindow({ window, by: 'drydock' }, calm))
      .thenNothing()
    const earlier = { start: later(-3600), end: later(7200) }
    given(...unfinished)
      .when(moveWindow({ window: earlier, by: 'drydock' }, calm))
      .thenNothing()
  })
  it('binds an upgrade that had none', () => {
    given(...upgradeOf(3))
      .when(open, next.start)
      .thenEvents(windowSet(next, 'drydock'))
  })
  it('accepts no failures: what is paused waits for an operator', () => {
    given(...unfinished, paused)
      .when(open, next.start)
      .thenEvents(windowSet(next, 'drydock'), lifted('WINDOW_CLOSED'))
    expect(standingAfter(...unfinished, paused, windowSet(next, 'drydock')).status).toBe('paused')
  })
  it('does not break the stop', () => {
    given(...unfinished)
      .when(moveWindow({ window: next, by: 'drydock' }, stopped), next.start)
      .thenEvents(windowSet(next, 'drydock'), lifted('WINDOW_CLOSED'), held('FREEZE', null, 'incident'))
  })
  it('is nothing to an upgrade that is over, or that was never asked for', () => {
    given(...unfinished, completed)
      .when(open)
      .thenNothing()
    given().when(open).thenNothing()
  })
})

describe('an upgrade that a profile planned ahead of its window', () => {
  const selection = { ...requestOf().selection, profile: 'weekly' }
  const ahead = [plannedAhead({ window: next, selection }), driven(), planned(3)] as const
  const move = (history: Parameters<typeof fold>[0], now: string) => position(fold(history), now).move

  it('begins only when the profile says that the window has opened, not when its time has come', () => {
    expect(move(ahead, next.start)).toBe('window')
    expect(move([...ahead, windowSet(next, 'drydock')], next.start)).toBe('start-wave')
  })
  it('is held until it does, whatever the time is', () => {
    given(...ahead, held('WINDOW_CLOSED', next.start, next.end))
      .when(tick(calm), next.start)
      .thenEvents(held('WINDOW_CLOSED', null, next.end))
  })
  it('is told so once, though it has the window already', () => {
    given(...ahead, held('WINDOW_CLOSED', next.start, next.end))
      .when(open, next.start)
      .thenEvents(windowSet(next, 'drydock'), lifted('WINDOW_CLOSED'))
    given(...ahead)
      .when(open, next.start)
      .thenIdempotent()
  })
  it('goes by its window alone where a person asked for it, or where the window was open already', () => {
    expect(move(upgradeOf(3, { window: next }), next.start)).toBe('start-wave')
    expect(move(upgradeOf(3, { window, selection }), window.start)).toBe('start-wave')
  })
})
