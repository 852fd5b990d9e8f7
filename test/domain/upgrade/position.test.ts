import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { type Move, position } from '../../../functions/domain/upgrade/position.ts'
import { later } from '../given.ts'
import {
  aborting,
  approved,
  baked,
  baking,
  completed,
  continueAwaited,
  driven,
  ended,
  fold,
  type History,
  held,
  judged,
  paused,
  planned,
  plannedAhead,
  requested,
  resumed,
  running,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { requestOf } from './world.ts'

const week = 7 * 86_400
const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }
const window = { start: later(3600), end: later(7200) }
const selection = { ...requestOf().selection, profile: 'weekly' }
const between = [...running([2, 4]), ended('succeeded', [0, 2]), waveEnded()] as const
const child = (kind: 'retry' | 'rollback', target: string | null): UpgradeEvent => ({
  type: 'ChildRequested',
  data: { child: `${kind} ${target}`, kind, target, by: 'alice', request: requestOf({ kind }) },
})

describe('what an execution does next depends on the log alone', () => {
  it.each<[string, Move, number, number, History]>([
    ['nobody has asked for the upgrade', 'plan', 0, week, []],
    ['it has no plan', 'plan', 0, week, [requested(), driven()]],
    ['it waits for approvals', 'approval', 0, 600, upgradeOf(2, { approvals })],
    ['it is paused while it waits for them', 'approval', 0, 600, [...upgradeOf(2, { approvals }), paused]],
    ['its window has not opened', 'window', 0, 3600, upgradeOf(2, { window })],
    [
      'it is planned ahead, and the profile is to say so',
      'window',
      0,
      7200,
      [plannedAhead({ window, selection }), driven(), planned(2)],
    ],
    ['it is paused before it begins', 'window', 0, week, [...upgradeOf(2), paused]],
    ['it has been approved', 'start-wave', 0, week, [...upgradeOf(2, { approvals }), approved('bob')]],
    ['nothing is in its way', 'start-wave', 0, week, upgradeOf(2)],
    [
      'everything is stopped before it begins',
      'start-wave',
      0,
      week,
      [...upgradeOf(2), held('FREEZE', null, null)],
    ],
    ['a wave is at work', 'wave', 0, week, running([2, 4])],
    ['a later wave is at work', 'wave', 1, week, [...between, waveStarted(1)]],
    ['a wave is at work and held', 'wave', 0, week, [...running([2, 4]), held('FREEZE', null, null)]],
    ['a wave is at work and paused', 'wave', 0, week, [...running([2, 4]), paused]],
    ['a wave bakes', 'bake', 0, 900, [...between, baking(later(900))]],
    ['a wave bakes and is paused', 'bake', 0, 900, [...between, baking(later(900)), paused]],
    ['the bake is over', 'start-wave', 1, week, [...between, baking(later(900)), baked]],
    ['a gate did not pass', 'gate', 0, week, [...between, judged('failed', 50), paused]],
    ['a gate passed', 'start-wave', 1, week, [...between, judged('passed', 100)]],
    ['somebody is to continue', 'gate', 0, week, [...between, continueAwaited]],
    ['it is paused between two waves', 'gate', 0, week, [...between, paused]],
    ['it is resumed there', 'start-wave', 1, week, [...between, paused, resumed]],
    ['the last wave is over', 'finish', 0, week, [...running(2), ended('succeeded', [0, 2]), waveEnded()]],
    [
      'it is paused then',
      'finish',
      0,
      week,
      [...running(2), ended('succeeded', [0, 2]), paused, waveEnded()],
    ],
    ['too many failed in it', 'gate', 0, week, [...running(2), ended('failed', [0, 2]), paused, waveEnded()]],
    ['it is over', 'ended', 0, week, [...running(2), ended('succeeded', [0, 2]), waveEnded(), completed]],
  ])('%s: %s', (_, move, place, timeoutSeconds, history) => {
    expect(position(fold(history), later(0))).toEqual({ move, place, timeoutSeconds })
  })
  it('and the window on the time: from its first instant on the wave may start', () => {
    const waiting = fold(upgradeOf(2, { window }))
    expect(position(waiting, later(3599))).toMatchObject({ move: 'window', timeoutSeconds: 1 })
    expect(position(waiting, later(3600))).toMatchObject({ move: 'start-wave' })
  })
})

describe('an abort', () => {
  const takeBack = aborting({ rollBack: true })
  const nothingInFlight = [ended('succeeded', [0, 2]), waveEnded()] as const
  const moveAfter = (...history: History) => position(fold(history), later(0)).move

  it('waits for what is in flight, then ends the upgrade', () => {
    expect(moveAfter(...running(2), aborting())).toBe('wave')
    expect(moveAfter(...running(2), aborting(), ended('succeeded', 0))).toBe('wave')
    expect(moveAfter(...running(2), aborting(), ...nothingInFlight)).toBe('finish')
    expect(moveAfter(requested(), aborting())).toBe('finish')
    expect(moveAfter(...upgradeOf(2, { approvals }), aborting())).toBe('finish')
    expect(moveAfter(...between, continueAwaited, aborting())).toBe('finish')
  })
  it('takes back before it ends, where it is to', () => {
    expect(moveAfter(...running(2), takeBack)).toBe('wave')
    expect(moveAfter(...running(2), takeBack, ...nothingInFlight)).toBe('revert')
    expect(moveAfter(...between, takeBack)).toBe('revert')
  })
  it('waits a quarter of an hour at most for what is in flight, then takes back, and ends when all of that has', () => {
    const aborted = [...running(2), takeBack] as const
    expect(position(fold(aborted), later(899))).toEqual({ move: 'wave', place: 0, timeoutSeconds: 1 })
    expect(position(fold(aborted), later(900)).move).toBe('revert')
    const asked = [...aborted, child('rollback', null)] as const
    expect(position(fold(asked), later(900)).move).toBe('wave')
    expect(position(fold([...asked, ...nothingInFlight]), later(900)).move).toBe('finish')
    expect(position(fold([...running(2), aborting()]), later(900)).move).toBe('wave')
  })
  it('takes back once', () => {
    expect(moveAfter(...running(2), takeBack, ...nothingInFlight, child('rollback', null))).toBe('finish')
    expect(moveAfter(...running(2), child('rollback', null), takeBack, ...nothingInFlight)).toBe('finish')
  })
  it('takes all back, though one target was taken back before, or the failed ones were tried again', () => {
    expect(moveAfter(...running(2), takeBack, ...nothingInFlight, child('rollback', 'customer-1'))).toBe(
      'revert',
    )
    expect(moveAfter(...running(2), takeBack, ...nothingInFlight, child('retry', null))).toBe('revert')
  })
  it('has nothing to take back before the first wave', () => {
    expect(moveAfter(...upgradeOf(2), takeBack)).toBe('finish')
    expect(moveAfter(requested(), takeBack)).toBe('finish')
  })
})
