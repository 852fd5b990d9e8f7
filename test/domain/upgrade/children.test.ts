import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../../../events/target.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import {
  type ChildCommand,
  type ChildKind,
  childId,
  refuseChild,
  requestChild,
  requestOfChild,
  takeForChild,
} from '../../../functions/domain/upgrade/children.ts'
import { later } from '../given.ts'
import {
  aborting,
  completed,
  ended,
  fold,
  given,
  givenUp,
  type History,
  requested,
  retrying,
  running,
  skipped,
  upgradeOf,
  windowSet,
} from './stories.ts'
import { existing, requestOf } from './world.ts'

const asked = (kind: ChildKind, changes: Partial<ChildCommand> = {}): ChildCommand => ({
  parent: 'u1',
  kind,
  by: 'bob',
  ...changes,
})
const parentAfter = (...history: History) => existing(fold(history))

describe('the name of a child', () => {
  it('is always the same, so that who asks again means the same one', () => {
    expect(childId(asked('rollback'))).toBe(childId(asked('rollback', { by: 'carol', reason: 'again' })))
    expect(childId(asked('rollback'))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/)
  })
  it('differs by parent, kind, target, idempotency key, and by whether it breaks the glass', () => {
    const ids = [
      asked('rollback'),
      asked('retry'),
      asked('rollback', { parent: 'u2' }),
      asked('rollback', { target: 'customer-1' }),
      asked('rollback', { idempotency: { key: 'k1', hash: 'h' } }),
      asked('rollback', { idempotency: { key: 'k2', hash: 'h' } }),
      asked('rollback', { breakGlass: 'loses orders' }),
    ].map(childId)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('the members that a child takes', () => {
  /** The members that a child would take after these ends of its parent. */
  const taken = (kind: ChildKind, ...events: readonly UpgradeEvent[]): number[] => {
    const members = new Set<number>()
    for (const event of events)
      if (
        event.type === 'OutcomesRecorded' ||
        event.type === 'MembersSkipped' ||
        event.type === 'RetriesGivenUp'
      )
        takeForChild(kind, members, event)
    return [...members]
  }

  it.each<[AttemptOutcome, ChildKind[]]>([
    ['succeeded', ['rollback']],
    ['failed', ['retry', 'rollback']],
    ['timed_out', ['retry', 'rollback']],
    ['lost', ['retry', 'rollback']],
    ['rejected', ['retry']],
    ['cancelled', ['rollback']],
    ['rolled_back', ['retry']],
    ['rollback_failed', ['rollback']],
    ['unreachable', ['retry']],
    ['skipped', []],
    ['deferred', []],
    ['withdrawn', []],
  ])('whose attempt ended as %s: %j', (outcome, kinds) => {
    expect(
      (['retry', 'rollback'] as const).filter((kind) => taken(kind, ended(outcome, 7)).length > 0),
    ).toEqual(kinds)
  })
  it('are for a retry those whose last try failed for good', () => {
    expect(taken('retry', retrying(0, later(60)))).toEqual([])
    expect(taken('retry', retrying(0, later(60)), ended('failed', 0, { n: 2 }))).toEqual([0])
    expect(taken('retry', ended('failed', 0), ended('succeeded', 0, { n: 2 }))).toEqual([])
    expect(taken('retry', ended('failed', [0, 3]), skipped(1, 'retrying'))).toEqual([0, 2])
  })
  it('are for a retry those too whom an abort left without another try', () => {
    expect(taken('retry', retrying([0, 2], later(60)), givenUp(0))).toEqual([0])
    expect(taken('rollback', retrying(0, later(60)), givenUp(0))).toEqual([0])
  })
  it('are for a rollback all that any try has touched, whatever came after it', () => {
    expect(taken('rollback', retrying(0, later(60)), ended('withdrawn', 0, { n: 2 }))).toEqual([0])
    expect(taken('rollback', retrying(0, later(60)), skipped(0, 'retrying'))).toEqual([0])
    expect(taken('rollback', skipped(0), ended('deferred', 1))).toEqual([])
  })
})

describe('the request of a child', () => {
  const window = { start: later(0), end: later(3600) }
  const approvals = { required: 2, approvers: ['dora'], expiresInSeconds: 600 }
  const original: Partial<UpgradeRequest> = {
    version: 'latest',
    strategy: 'canary',
    canaryPercent: 10,
    parallel: 7,
    failures: { percent: 5, absolute: 1, action: 'rollback' },
    approvals,
    continueByHand: true,
    window,
    bakeSeconds: 600,
    gate: { successRatePercent: 90 },
    preUpgradeChecks: true,
  }
  const parent = parentAfter(...upgradeOf(20, original))
  const of = (command: ChildCommand, from = parent, now = later(60)) => requestOfChild(command, from, now)

  it('takes all members at once, without bake, gate and continuing, and without waiting for who is not ready', () => {
    const { preUpgradeChecks, ...request } = of(asked('rollback', { reason: 'broken' }))
    expect(preUpgradeChecks).toBeUndefined()
    expect(request).toMatchObject({
      ...{
        kind: 'rollback',
        parent: 'u1',
        component: 'api',
        strategy: 'all',
        canaryPercent: null,
        batchSize: null,
      },
      ...{ continueByHand: false, bakeSeconds: 0, gate: null, breakGlass: false, reason: 'broken' },
    })
  })
  it('keeps the limits of its parent, and only ever pauses when they are exceeded', () => {
    expect(of(asked('retry'))).toMatchObject({
      ...{ parallel: 7, failures: { percent: 5, absolute: 1, action: 'pause' } },
    })
  })
  it('is for the version that the parent was planned with, and before there is a plan for the one asked for', () => {
    expect(of(asked('retry')).version).toBe('v1.2.0')
    expect(of(asked('retry'), parentAfter(requested(original))).version).toBe('latest')
  })
  it('selects by the members of the parent, or the one target alone', () => {
    const nothing = { types: null, regions: null, tags: null, canaries: [] }
    expect(of(asked('retry')).selection).toEqual({ targets: null, ...nothing })
    expect(of(asked('retry', { target: 'customer-1' })).selection).toEqual({
      targets: ['customer-1'],
      ...nothing,
    })
  })
  it('needs no approval: what has run once was approved', () => {
    expect(of(asked('rollback')).approvals).toEqual({ ...approvals, required: 0 })
  })
  it('needs one by anybody else where it is to break the glass, whoever may approve its parent', () => {
    const request = of(asked('rollback', { breakGlass: 'loses orders', reason: 'left out' }))
    expect(request.approvals).toEqual({ ...approvals, required: 1, approvers: null })
    expect(request).toMatchObject({ breakGlass: true, reason: 'loses orders' })
  })
  it('tries again in the window of the parent that is not over yet, and takes back outside of any', () => {
    expect(of(asked('retry')).window).toEqual(window)
    expect(of(asked('retry'), parent, window.end).window).toBeNull()
    const moved = { start: later(7200), end: later(9000) }
    expect(of(asked('retry'), parentAfter(...upgradeOf(20, original), windowSet(moved))).window).toEqual(
      moved,
    )
    expect(of(asked('rollback')).window).toBeNull()
  })
  it('is of the profile where nobody asked for the rollback: its targets are asked whether they want it', () => {
    const selection = { ...requestOf().selection, profile: 'weekly' }
    const ofProfile = parentAfter(...upgradeOf(20, { selection }))
    expect(of(asked('rollback', { by: 'drydock' }), ofProfile).selection.profile).toBe('weekly')
    expect(of(asked('rollback'), ofProfile).selection.profile).toBeUndefined()
    expect(of(asked('retry', { by: 'drydock' }), ofProfile).selection.profile).toBeUndefined()
    expect(of(asked('rollback', { by: 'drydock' })).selection.profile).toBeUndefined()
  })
})

describe('asking for a child', () => {
  const codeOf = (command: ChildCommand, parent: History, members: number, concerned = true) =>
    refuseChild(command, parentAfter(...parent), { members, concerned })?.rejected.code

  it('is refused while nothing can have been touched', () => {
    expect(codeOf(asked('rollback'), [requested()], 0)).toBe('not-planned')
    expect(codeOf(asked('retry'), [requested(), aborting({ rollBack: true })], 0)).toBe('not-planned')
  })
  it('is refused where there is nothing to try again, or to take back', () => {
    expect(codeOf(asked('retry'), running(3), 0)).toBe('nothing-to-retry')
    expect(codeOf(asked('rollback'), running(3), 0)).toBe('nothing-to-roll-back')
    expect(codeOf(asked('retry'), running(3), 1)).toBeUndefined()
    expect(codeOf(asked('rollback'), running(3), 1)).toBeUndefined()
  })
  it('is refused for one target that has no part in it', () => {
    const one = { target: 'customer-1' }
    expect(codeOf(asked('retry', one), running(3), 2, false)).toBe('nothing-to-retry')
    expect(codeOf(asked('rollback', one), running(3), 2, false)).toBe('nothing-to-roll-back')
    expect(codeOf(asked('rollback', one), running(3), 2, true)).toBeUndefined()
  })
  it('is never refused to the abort that waits for its rollback: that says itself that there is nothing to do', () => {
    const aborted = [...running(3), aborting({ rollBack: true })]
    expect(codeOf(asked('rollback'), aborted, 0)).toBeUndefined()
    expect(codeOf(asked('rollback', { target: 'customer-1' }), aborted, 0)).toBe('nothing-to-roll-back')
    expect(codeOf(asked('retry'), aborted, 0)).toBe('nothing-to-retry')
    expect(codeOf(asked('rollback'), [...running(3), aborting()], 0)).toBe('nothing-to-roll-back')
  })
})

describe('noting a child', () => {
  const child = { child: 'c1', kind: 'rollback', target: null, by: 'bob' } as const
  const noted = (changes = {}): UpgradeEvent => ({ type: 'ChildRequested', data: { ...child, ...changes } })

  it('is done once for each child, at any time from the plan on', () => {
    for (const history of [upgradeOf(3), running(3), [...running(3), completed]] as const) {
      given(...history)
        .when(requestChild(child))
        .thenEvents(noted())
      given(...history)
        .when(requestChild(child))
        .thenIdempotent()
    }
    given(...running(3), noted())
      .when(requestChild({ ...child, child: 'c2', target: 'customer-1' }))
      .thenEvents(noted({ child: 'c2', target: 'customer-1' }))
  })
  it('keeps who is meant, and when', () => {
    const { children } = parentAfter(...running(3), [noted(), later(60)])
    expect(children).toEqual([{ child: 'c1', kind: 'rollback', target: null, at: later(60) }])
  })
  it('is refused before there is a plan, and where there is no upgrade', () => {
    given(requested()).when(requestChild(child)).thenRejected('not-planned')
    given().when(requestChild(child)).thenRejected('upgrade-not-found')
  })
})
