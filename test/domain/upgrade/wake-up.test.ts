import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { approveUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import { pauseUpgrade } from '../../../functions/domain/upgrade/control.ts'
import type { UpgradeDecision } from '../../../functions/domain/upgrade/draft.ts'
import { endExecution, finishUpgrade, startWave } from '../../../functions/domain/upgrade/execution.ts'
import { hasEnded } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { earliestDue } from '../../../functions/domain/upgrade/wake-up.ts'
import { later } from '../given.ts'
import {
  aborting,
  attemptsEnd,
  baking,
  continueAwaited,
  deferred,
  driven,
  ended,
  fold,
  type History,
  held,
  paused,
  requested,
  retrying,
  running,
  upgradeOf,
  waveEnded,
} from './stories.ts'
import { calm, existing } from './world.ts'

const day = 86_400
const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }
const window = { start: later(300), end: later(3600) }
const wakeUp = (at: string | null, sequence: number): UpgradeEvent => ({
  type: 'WakeUpMoved',
  data: { at, sequence },
})
const asked: UpgradeEvent = { type: 'DeadlinePassed', data: { members: [[0, 2]] } }
const over: UpgradeEvent = { type: 'ExecutionEnded', data: { generation: 2, status: 'FAILED', cause: null } }

/** Returns when a tick would find something to decide after what happened. */
function dueAfter(history: History): string | null {
  const state = existing(fold(history))
  if (hasEnded(state)) throw new Error('An upgrade that is over is due for nothing.')
  return earliestDue(state)
}

/** Returns the wake-ups among what a command decides. */
function moved(history: History, command: UpgradeDecision, now = later(0)): UpgradeEvent[] {
  const decision = command(fold(history), now)
  return 'events' in decision ? decision.events.filter(({ type }) => type === 'WakeUpMoved') : []
}

describe('when the log is to be asked again', () => {
  const busy = [...running(2), ended('succeeded', 0), deferred(1, later(300))] as const
  const retry = [...running(20), ended('succeeded', [1, 20]), retrying(0, later(300))] as const

  it.each<[string, string | null, History]>([
    ['never before its plan, unless an execution is to follow', null, [requested(), driven()]],
    ['when nobody has approved in time', later(600), upgradeOf(2, { approvals })],
    [
      'when its window ends before it is approved',
      later(500),
      upgradeOf(2, { approvals, window: { ...window, end: later(500) } }),
    ],
    ['when its window ends before it begins', window.end, upgradeOf(2, { window })],
    [
      'when nobody has approved in time, or its window ends, while it is paused, too',
      later(600),
      [...upgradeOf(2, { approvals, window }), paused],
    ],
    [
      'never while it is planned and only an operator or its execution can go on',
      null,
      [...upgradeOf(2), paused],
    ],
    ['when who was admitted may have run out', later(600), running(2)],
    ['when who was asked is to be asked again', later(900), [...running(2), [asked, later(600)]]],
    ['when a retry is due', later(300), retry],
    ['when a busy member is due', later(300), busy],
    [
      'when the bake ends',
      later(700),
      [...running([1, 2]), ended('succeeded', 0), waveEnded(), baking(later(700))],
    ],
    [
      'when nobody has continued in time',
      later(7 * day),
      [...running([1, 2]), ended('succeeded', 0), waveEnded(), continueAwaited],
    ],
    [
      'never while somebody has paused what waits for somebody to continue',
      null,
      [...running([1, 2]), ended('succeeded', 0), waveEnded(), continueAwaited, paused],
    ],
    ['when the pause after a fruitless execution is over', later(60), [...running(2), driven(2), over]],
    [
      'when its window opens, and not when a retry would be due',
      window.start,
      [...retry, held('WINDOW_CLOSED', window.start, null)],
    ],
    [
      'never while a closed window is all that it waits for',
      null,
      [...busy, held('WINDOW_CLOSED', null, null)],
    ],
    [
      'when a busy member is due though everything is stopped',
      later(300),
      [...busy, held('FREEZE', null, 'incident')],
    ],
    [
      'when nothing has opened for so long that the rest is left out',
      later(9000),
      [...busy, held('WINDOW_CLOSED', null, null, later(9000))],
    ],
    [
      'for who is in flight, and nobody else, while it is paused',
      later(600),
      [...running(20), retrying(0, later(60)), paused],
    ],
    [
      'for who is in flight, and nobody else, while it is aborted',
      later(600),
      [...running(20), retrying(0, later(60)), aborting()],
    ],
  ])('%s', (_, due, history) => {
    expect(dueAfter(history)).toBe(due)
  })
})

describe('a wake-up', () => {
  const approve = approveUpgrade({ by: 'bob', planHash: 'a1', comment: null }, calm)
  const pause = pauseUpgrade({ by: 'alice', reason: 'look' })
  const startFirst = startWave({ wave: 0, generation: 1 }, calm)

  it('goes along with the decision that needs it', () => {
    expect(moved(upgradeOf(2), startFirst)).toEqual([wakeUp(later(600), 1)])
  })
  it('comes once a day at least while the upgrade lives, whatever is due', () => {
    expect(moved(upgradeOf(2), pause)).toEqual([wakeUp(later(day), 1)])
    expect(moved([...upgradeOf(2), paused], tick(calm), later(60))).toEqual([wakeUp(later(day + 60), 1)])
  })
  it('is moved to an earlier instant by any decision, to a later one by a tick alone, which has used it', () => {
    const early = [...running(2), wakeUp(later(60), 1)] as const
    expect(moved(early, attemptsEnd('deferred', 0))).toEqual([])
    expect(moved(early, tick(calm), later(60))).toEqual([wakeUp(later(600), 2)])
    const late = [...running(2), wakeUp(later(day), 1)] as const
    expect(moved(late, attemptsEnd('deferred', 0))).toEqual([wakeUp(later(300), 2)])
  })
  it('is not moved to where it is', () => {
    expect(moved([...running(2), wakeUp(later(600), 1)], tick(calm), later(60))).toEqual([])
  })
  it('is not moved by what changes nothing', () => {
    const approved: UpgradeEvent = {
      type: 'ApprovalGiven',
      data: { by: 'bob', planHash: 'a1', window: null, comment: null },
    }
    for (const [history, command] of [
      [[...upgradeOf(2, { approvals }), approved], approve],
      [[...running(2), paused], pause],
      [running(2), startFirst],
      [running(2), attemptsEnd('succeeded', 5)],
      [running(2), finishUpgrade({ generation: 1 })],
      [running(2), endExecution({ generation: 7, status: 'FAILED', cause: null })],
    ] as const)
      expect(command(fold(history), later(0))).toEqual({ events: [] })
  })
  it('is taken away at the end', () => {
    const through = [...running(1), ended('succeeded', 0), waveEnded(), wakeUp(later(600), 1)] as const
    expect(moved(through, finishUpgrade({ generation: 1 }))).toEqual([wakeUp(null, 2)])
  })
  it('is counted, so that the row which the ticker reads knows which one is the last', () => {
    const state = fold([...running(2), wakeUp(later(600), 1), wakeUp(later(300), 2)])
    expect(existing(state).wakeUp).toEqual({ at: later(300), moves: 2 })
  })
})
