import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { exists, initialUpgrade, planOf, profileOf } from '../../../functions/domain/upgrade/state.ts'
import { later } from '../given.ts'
import {
  aborting,
  admitted,
  approved,
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
  skipped,
  upgradeOf,
  waveEnded,
  waveStarted,
  windowSet,
} from './stories.ts'
import { planOf as acceptedPlan, requestOf } from './world.ts'

const window = { start: later(3600), end: later(7200) }
const selection = { ...requestOf().selection, profile: 'weekly' }
const between = [...running([2, 4]), ended('succeeded', [0, 2]), waveEnded()] as const

describe('the stages of an upgrade', () => {
  it.each<[string, History]>([
    ['none', []],
    ['requested', [requested(), driven()]],
    ['planned', upgradeOf(2)],
    ['planned', [...upgradeOf(2), paused]],
    ['in-wave', running(2)],
    ['in-wave', [...running(2), paused]],
    ['in-wave', [...running(2), aborting()]],
    ['between-waves', between],
    ['in-wave', [...between, waveStarted(1)]],
    ['ended', [...between, completed]],
    [
      'ended',
      [requested(), { type: 'PlanningFailed', data: { code: 'nothing-to-upgrade', detail: 'Nobody.' } }],
    ],
  ])('are told by what has happened: %s', (stage, history) => {
    expect(fold(history).stage).toBe(stage)
  })
  it.each<[string | undefined, UpgradeEvent[]]>([
    [undefined, []],
    ['bake', [baking(later(60))]],
    ['operator', [judged('failed', 0)]],
    ['operator', [judged('inconclusive', null)]],
    [undefined, [judged('passed', 100)]],
    [undefined, [judged('failed', 0), paused, resumed]],
    ['bake', [baking(later(60)), paused, resumed]],
    ['continue', [continueAwaited]],
    ['continue', [continueAwaited, paused, resumed]],
  ])('between two waves it awaits: %s', (kind, events) => {
    const state = fold([...between, ...events])
    expect(state.stage === 'between-waves' ? state.awaits?.kind : 'another stage').toBe(kind)
  })
})

describe('what is kept of an upgrade', () => {
  it('is who asked for what and when, in which window, and for which profile', () => {
    const state = fold([[requested({ window, selection }), later(60)]])
    expect(state).toMatchObject({
      request: requestOf({ window, selection }),
      requestedBy: 'alice',
      requestedAt: later(60),
      window,
    })
    expect(profileOf(state)).toBe('weekly')
    expect([profileOf(fold([requested()])), profileOf(initialUpgrade)]).toEqual([undefined, undefined])
    expect([exists(state), exists(initialUpgrade)]).toEqual([true, false])
  })
  it('is the plan, from when there is one to beyond the end', () => {
    expect(planOf(fold([requested()]))).toBeNull()
    expect(planOf(fold(upgradeOf(2)))).toEqual(acceptedPlan(2))
    expect(planOf(fold([...between, completed]))).toEqual(acceptedPlan(4, [2, 4]))
  })
  it('is after the end what its readers ask for, and nothing of how it was at work', () => {
    const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }
    const child: UpgradeEvent = {
      type: 'ChildRequested',
      data: { child: 'c1', kind: 'retry', target: null, by: 'bob', request: requestOf({ kind: 'retry' }) },
    }
    const begun = [
      ...upgradeOf(2, { approvals }),
      [approved('bob'), later(30)],
      waveStarted(),
      admitted([0, 2]),
    ] as const
    const state = fold([...begun, child, aborting(), ended('succeeded', [0, 2]), waveEnded(), completed])
    expect(Object.keys(state).sort()).toEqual(
      [
        ...[
          'stage',
          'standing',
          'request',
          'requestedBy',
          'requestedAt',
          'window',
          'calendars',
          'children',
          'childrenBefore',
          'abort',
          'rollout',
          'wakeUp',
        ],
        ...['plan', 'approvals', 'budgets'],
      ].sort(),
    )
    expect(state).toMatchObject({
      approvals: [{ by: 'bob', at: later(30), comment: null }],
      children: [{ child: 'c1' }],
      abort: { by: 'alice', rollBack: false },
    })
  })
  it('is that a profile planned it ahead, until a window is set', () => {
    const ahead = plannedAhead({ window, selection })
    expect(fold([ahead])).toMatchObject({ awaitsOpening: true })
    expect(fold([ahead, windowSet(window)])).toMatchObject({ awaitsOpening: false, window })
    // However late it was asked for: its window may never open.
    expect(fold([[ahead, window.start]])).toMatchObject({ awaitsOpening: true })
    expect(fold([requested({ window, selection })])).toMatchObject({ awaitsOpening: false })
  })
})

describe('an event where no decision puts it', () => {
  const outcome = ended('succeeded', 0)

  it.each<[string, History, UpgradeEvent]>([
    ['none', [], planned(2)],
    ['planned', upgradeOf(2), planned(2)],
    ['ended', [...between, completed], planned(2)],
    ['requested', [requested()], approved('bob')],
    ['requested', [requested()], waveStarted()],
    ['planned', upgradeOf(2), admitted(0)],
    ['planned', upgradeOf(2), outcome],
    ['between-waves', between, outcome],
    ['between-waves', between, admitted(2)],
    ['requested', [requested()], skipped(0)],
    ['requested', [requested()], { type: 'DeadlinePassed', data: { members: [[0, 1]] } }],
    ['requested', [requested()], { type: 'DeadlineMoved', data: { chunk: 0, until: later(60) } }],
    ['planned', upgradeOf(2), waveEnded()],
    ['planned', upgradeOf(2), baking(later(60))],
    ['planned', upgradeOf(2), judged('passed', 100)],
    ['planned', upgradeOf(2), continueAwaited],
    ['planned', upgradeOf(2), { type: 'ContinueGiven', data: { wave: 0, by: 'bob' } }],
    [
      'planned',
      upgradeOf(2),
      { type: 'FreezeOverridden', data: { ref: 'stop-1', freeze: 'x', since: later(0), breakGlass: 'y' } },
    ],
    ['ended', [...between, completed], driven(2)],
    ['ended', [...between, completed], windowSet(window)],
  ])('is a fault of the log, told with its stage: %s', (stage, history, event) => {
    expect(() => fold([...history, event])).toThrow(
      `${event.type} cannot follow where an upgrade is in the stage "${stage}": run the audit on its stream.`,
    )
  })
  it('is none of those that may come at any time: holds, a pause, an abort, a child', () => {
    const child: UpgradeEvent = {
      type: 'ChildRequested',
      data: { child: 'c1', kind: 'retry', target: null, by: 'bob', request: requestOf({ kind: 'retry' }) },
    }
    for (const event of [held('FREEZE', null, null), paused, resumed, aborting(), child])
      expect(fold([requested(), event]).stage).toBe('requested')
  })
})
