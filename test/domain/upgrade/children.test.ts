import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../../../events/target.ts'
import type { ChildSettings, UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import {
  type ChildCommand,
  type ChildKind,
  childOfKey,
  ownRollback,
  refuseSibling,
  requestChild,
  requestOfChild,
  type Sibling,
  takeForChild,
} from '../../../functions/domain/upgrade/children.ts'
import { later } from '../given.ts'
import {
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
  it('follows from the key of who asks, so that a repeat means the same one, and another key another', () => {
    expect(childOfKey('k1')).toBe(childOfKey('k1'))
    expect(childOfKey('k1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/)
    expect(childOfKey('k1')).not.toBe(childOfKey('k2'))
  })
  it('is one for the rollback that an upgrade starts by itself, and for each target that wants one', () => {
    const ids = [ownRollback('u1'), ownRollback('u2'), ownRollback('u1', 'customer-1')]
    expect(new Set(ids).size).toBe(3)
    expect(ownRollback('u1')).toBe(ids[0])
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
  it('are for a retry the skipped ones too, where it shall', () => {
    const members = new Set<number>()
    for (const event of [ended('skipped', 0), skipped(1), ended('succeeded', 2), ended('deferred', 3)])
      if (event.type === 'OutcomesRecorded' || event.type === 'MembersSkipped')
        takeForChild('retry', members, event, true)
    expect([...members]).toEqual([0, 1, 3])
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
    expect(of(asked('rollback')).failures).toEqual({ percent: 5, absolute: 1, action: 'pause' })
  })
  it('takes back as many at once as a deploy may have, unless it is told how many', () => {
    expect(of(asked('rollback')).parallel).toBe(10_000)
    expect(of(asked('rollback', { settings: { parallel: 3 } })).parallel).toBe(3)
    const gentle = parentAfter(...upgradeOf(20, { ...original, kind: 'rollback', parallel: 3 }))
    expect(of(asked('rollback'), gentle).parallel).toBe(3)
  })
  it('has the limits that it is given', () => {
    const settings: ChildSettings = {
      ...{ batchSize: 4, failures: { percent: 50, absolute: null }, attempt: 60, skippedToo: true },
    }
    expect(of(asked('retry', { settings }))).toMatchObject({
      ...{ strategy: 'batch', batchSize: 4, failures: { percent: 50, absolute: null, action: 'pause' } },
      ...{ deadlines: { attempt: 60, expected: 60 }, skippedToo: true },
    })
  })
  it('keeps to what may be out of service at once, as its parent was planned, unless it is told how many go', () => {
    const rolling = { unavailable: { percent: 25 }, surge: { targets: 1 } } as const
    const [request, execution, plan] = upgradeOf(20, { ...original, strategy: 'rolling', rolling })
    const numbers = { ...plan, data: { ...plan.data, rolling: { unavailable: 5, surge: 1 } } } as UpgradeEvent // with the numbers of its strategy
    const kept = { unavailable: { targets: 5 }, surge: { targets: 1 } }
    const told = { settings: { parallel: 3 } }
    const rolled = parentAfter(request, execution, numbers)
    for (const kind of ['retry', 'rollback'] as const) {
      expect(of(asked(kind), rolled)).toMatchObject({ strategy: 'rolling', rolling: kept })
      const { strategy, rolling: none } = of(asked(kind, told), rolled)
      expect([strategy, none]).toEqual(['all', undefined])
    }
  })
  it('goes one at a time where its parent did, and without the time between on the way back', () => {
    const serial = { ...original, strategy: 'serial', parallel: 1, spacingSeconds: 600 } as const
    const one = parentAfter(...upgradeOf(20, serial))
    const { strategy, parallel, spacingSeconds } = of(asked('retry'), one)
    expect([strategy, parallel, spacingSeconds]).toEqual(['serial', 1, 600])
    expect(of(asked('rollback'), one)).toMatchObject({ strategy: 'serial', parallel: 1, spacingSeconds: 0 })
    expect(of(asked('rollback', { settings: { batchSize: 2 } }), one)).not.toHaveProperty('spacingSeconds')
  })
  it('has no stages and no groups of its parent', () => {
    const stage = { bakeSeconds: 60, gate: null, continueByHand: true, continueBySecondPerson: true }
    const percentages = [{ percent: 100, ...stage }]
    const groups = { by: 'region', order: ['eu'], others: 'last' as const }
    const both: readonly Partial<UpgradeRequest>[] = [
      { strategy: 'percentages', percentages },
      { strategy: 'groups', groups },
    ]
    for (const lists of both) {
      const request = of(asked('retry'), parentAfter(...upgradeOf(20, { ...original, ...lists })))
      expect([request.strategy, request.percentages, request.groups]).toEqual(['all', undefined, undefined])
    }
  })
  it('needs one by anybody else, too, where it goes to releases that were withdrawn', () => {
    const request = of(asked('rollback', { settings: { toWithdrawn: 'the old one is the lesser evil' } }))
    expect(request.approvals).toEqual({ ...approvals, required: 1, approvers: null })
    expect(request).toMatchObject({ toWithdrawn: 'the old one is the lesser evil', breakGlass: false })
    const again = parentAfter(...upgradeOf(20, { ...original, kind: 'rollback', toWithdrawn: 'evil' }))
    expect(of(asked('rollback'), again).toWithdrawn).toBeUndefined()
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
    expect(of(asked('rollback', { settings: { ignoreWindow: false } })).window).toEqual(window)
    expect(of(asked('retry', { settings: { ignoreWindow: true } })).window).toBeNull()
    expect(of(asked('rollback', { settings: { window: moved } })).window).toEqual(moved)
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

describe('a child beside others of its family', () => {
  const sibling = (changes: Partial<Sibling> = {}): Sibling => ({
    ...{ child: 'c0', kind: 'rollback', target: null, at: later(0) },
    ...{ lives: true, breakGlass: false, effective: true },
    ...changes,
  })
  const refused = (command: ChildCommand, ...siblings: Sibling[]) =>
    refuseSibling(command, siblings)?.rejected
  const one = { target: 'customer-1' }

  it('is refused while one of its kind lives, which it names', () => {
    expect(refused(asked('rollback'), sibling())).toEqual({
      code: 'child-at-work',
      detail: 'A rollback is at work: upgrade c0. Wait for its end, or abort it first.',
    })
    expect(refused(asked('retry'), sibling({ kind: 'retry' }))?.code).toBe('child-at-work')
    expect(refused(asked('rollback'), sibling({ kind: 'retry' }))).toBeUndefined()
    expect(refused(asked('rollback'), sibling({ lives: false }))).toBeUndefined()
  })
  it('is refused as a rollback of all beside one of a target, and the other way round, but not beside that of another target', () => {
    expect(refused(asked('rollback'), sibling(one))?.detail).toContain('A rollback of customer-1')
    expect(refused(asked('rollback', one), sibling())?.code).toBe('child-at-work')
    expect(refused(asked('rollback', one), sibling(one))?.code).toBe('child-at-work')
    expect(refused(asked('rollback', one), sibling({ target: 'customer-2' }))).toBeUndefined()
  })
  it('is not held up, where it breaks the glass, by a rollback that does not', () => {
    const glass = asked('rollback', { breakGlass: 'loses orders' })
    expect(refused(glass, sibling())).toBeUndefined()
    expect(refused(glass, sibling({ breakGlass: true }))?.code).toBe('child-at-work')
  })
  it('is no other try of what is taken back, or was', () => {
    expect(refused(asked('retry'), sibling())?.code).toBe('upgrade-rolled-back')
    expect(refused(asked('retry'), sibling({ lives: false }))?.code).toBe('upgrade-rolled-back')
    expect(refused(asked('retry'), sibling({ lives: false, effective: false }))).toBeUndefined()
    expect(refused(asked('retry'), sibling(one))).toBeUndefined()
  })
})

describe('noting a child', () => {
  const request = requestOf({ kind: 'rollback', parent: 'u1' })
  const child = { child: 'c1', kind: 'rollback', target: null, by: 'bob', request } as const
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
  it('says whom its plan leaves out', () => {
    const leftOut = { counts: { pinned: 1 }, first: [{ target: 'customer-1', reason: 'pinned' }] }
    given(...running(3))
      .when(requestChild({ ...child, leftOut }))
      .thenEvents(noted({ leftOut }))
  })
  it('is refused where another came to be since whoever asks has looked', () => {
    const looked = { ...child, child: 'c2', asked: asked('rollback') }
    given(...running(3), noted())
      .when(requestChild({ ...looked, siblings: [] }))
      .thenRejected('child-at-work')
    const over = { ...child, at: later(0), lives: false, breakGlass: false, effective: true }
    given(...running(3), noted())
      .when(requestChild({ ...looked, siblings: [over] }))
      .thenEvents(noted({ child: 'c2' }))
  })
  it('keeps who is meant, and when', () => {
    const { children } = parentAfter(...running(3), [noted(), later(60)])
    expect(children).toEqual([{ child: 'c1', kind: 'rollback', target: null, at: later(60) }])
  })
  it('is refused before there is a plan, and where there is no upgrade', () => {
    given(requested()).when(requestChild(child)).thenRejected('nothing-to-roll-back')
    given().when(requestChild(child)).thenRejected('upgrade-not-found')
  })
})
