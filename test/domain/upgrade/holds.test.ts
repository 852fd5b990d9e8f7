import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { systemActor } from '../../../functions/domain/actor.ts'
import type { AdmissionFacts } from '../../../functions/domain/upgrade/admission.ts'
import { bindCalendars } from '../../../functions/domain/upgrade/control.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { type HoldCode, keepsEverybodyOut, unblockOf } from '../../../functions/domain/upgrade/hold.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  approved,
  attemptsEnd,
  continueAwaited,
  ended,
  given,
  type History,
  held,
  lifted,
  paused,
  retrying,
  running,
  standingAfter,
  stopped,
  upgradeOf,
  waveEnded,
  waveStarted,
  windowSet,
} from './stories.ts'
import { calm, requestOf } from './world.ts'

const start = (facts = calm) => startWave({ wave: 0, generation: 1 }, facts)

describe('a window', () => {
  const window = { start: later(3600), end: later(7200) }
  const oneByOne = running(3, { window, parallel: 1 })
  const closed = held('WINDOW_CLOSED', window.start, window.end)
  const over = held('WINDOW_CLOSED', null, window.end, later(7200 + 7 * 86_400))

  it('lets nobody in before it opens, from its first instant on', () => {
    given(...upgradeOf(1, { window }))
      .when(tick(calm), later(3599))
      .thenEvents(closed)
    given(...upgradeOf(1, { window }), closed)
      .when(start(), later(3600))
      .thenEvents(waveStarted(), lifted('WINDOW_CLOSED'), admitted(0, { acceptBy: later(4200) }))
  })
  it('lets the last one in as long as an attempt still fits before its end', () => {
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0), later(6899))
      .thenEvents(ended('succeeded', 0), admitted(1, { acceptBy: later(6900), closing: true }))
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0), later(6900))
      .thenEvents(ended('succeeded', 0), over)
  })
  it('gives everybody who is admitted in time all the time to accept, to its last instant at most', () => {
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0), later(6300))
      .thenEvents(ended('succeeded', 0), admitted(1, { acceptBy: later(6900) }))
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0), later(6301))
      .thenEvents(ended('succeeded', 0), admitted(1, { acceptBy: later(6900), closing: true }))
  })
  it('is said to be closed once, with when it opens', () => {
    given(...upgradeOf(1, { window }))
      .when(tick(calm))
      .thenIdempotent()
    expect(standingAfter(...upgradeOf(1, { window }), closed).holds).toMatchObject([
      { code: 'WINDOW_CLOSED', until: window.start, ref: window.end },
    ])
  })
  it('that is followed by another is said to open then', () => {
    const next = { start: later(90_000), end: later(93_600) }
    given(...oneByOne, ended('succeeded', 0), over, windowSet(next))
      .when(tick(calm), later(7200))
      .thenEvents(held('WINDOW_CLOSED', next.start, next.end))
  })
  it('that is over does not end what is in flight', () => {
    given(...oneByOne, over)
      .when(attemptsEnd('succeeded', 0), later(9000))
      .thenEvents(ended('succeeded', 0))
  })
  it('binds nobody where there is none', () => {
    given(...running(2, { parallel: 1 }))
      .when(attemptsEnd('succeeded', 0), later(9_000_000))
      .thenTypes('OutcomesRecorded', 'TargetsAdmitted')
  })
})

describe('the stop of everything', () => {
  const stop = held('FREEZE', null, 'incident')
  const oneByOne = running(2, { parallel: 1 })

  it('lets nobody in, from the commit on that sees it', () => {
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0, {}, stopped))
      .thenEvents(ended('succeeded', 0), stop)
  })
  it('is said once', () => {
    given(...oneByOne)
      .when(tick(stopped))
      .thenIdempotent()
    expect(standingAfter(...oneByOne, stop).holds).toMatchObject([{ code: 'FREEZE', ref: 'incident' }])
  })
  it('lets everybody go on when it is lifted', () => {
    given(...oneByOne, ended('succeeded', 0), stop)
      .when(tick(calm))
      .thenEvents(lifted('FREEZE'), admitted(1))
  })
  it('is said of an upgrade, too, that has not begun', () => {
    given(...upgradeOf(2))
      .when(tick(stopped))
      .thenEvents(stop)
    given(...upgradeOf(2), stop)
      .when(tick(calm))
      .thenEvents(lifted('FREEZE'))
  })
  it('holds beside a closed window, and either lets go by itself', () => {
    const window = { start: later(60), end: later(3600) }
    const both = [...upgradeOf(2, { window }), held('WINDOW_CLOSED', window.start, window.end), stop] as const
    given(...upgradeOf(2, { window }))
      .when(tick(stopped))
      .thenEvents(held('WINDOW_CLOSED', window.start, window.end), stop)
    given(...both)
      .when(tick(stopped), later(60))
      .thenEvents(lifted('WINDOW_CLOSED'))
    given(...both)
      .when(tick(calm))
      .thenEvents(lifted('FREEZE'))
  })
})

describe('a calendar', () => {
  const feast = { from: later(3600), to: later(7200), why: 'Founders’ day (acme)' }
  const known: AdmissionFacts = { ...calm, closures: [feast] }
  const oneByOne = running(3, { parallel: 1 })

  it('lets nobody in while it is closed, nor so shortly before that no attempt fits, and says why and until when', () => {
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0, {}, known), later(3299))
      .thenEvents(ended('succeeded', 0), admitted(1, { acceptBy: later(3300), closing: true }))
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0, {}, known), later(3300))
      .thenEvents(ended('succeeded', 0), held('WINDOW_CLOSED', feast.to, feast.why))
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0, {}, known), later(7199))
      .thenEvents(ended('succeeded', 0), held('WINDOW_CLOSED', feast.to, feast.why))
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0, {}, known), later(7200))
      .thenEvents(ended('succeeded', 0), admitted(1, { acceptBy: later(7800) }))
  })
  it('gives the rest of the window back when it opens in the middle of it', () => {
    const window = { start: later(0), end: later(14_400) }
    const closed = held('WINDOW_CLOSED', feast.to, feast.why)
    const history = [...running(3, { parallel: 1, window }), ended('succeeded', 0), closed] as const
    given(...history)
      .when(tick(known), later(7200))
      .thenEvents(lifted('WINDOW_CLOSED'), admitted(1, { acceptBy: later(7800) }))
  })
  it('lets everybody go on as soon as it is defined anew without what closed it', () => {
    given(...oneByOne, ended('succeeded', 0), held('WINDOW_CLOSED', feast.to, feast.why))
      .when(tick(calm), later(4000))
      .thenEvents(lifted('WINDOW_CLOSED'), admitted(1, { acceptBy: later(4600) }))
  })
  it('that leaves no room in the window closes it for good', () => {
    const window = { start: later(0), end: later(7400) }
    given(...running(3, { parallel: 1, window }))
      .when(attemptsEnd('succeeded', 0, {}, known), later(5000))
      .thenEvents(ended('succeeded', 0), held('WINDOW_CLOSED', null, feast.why, later(7400 + 7 * 86_400)))
  })
  it('holds an upgrade that has not begun', () => {
    given(...upgradeOf(1))
      .when(tick(known), later(4000))
      .thenEvents(held('WINDOW_CLOSED', feast.to, feast.why))
  })
  it('binds from the commit on that names it', () => {
    const bind = bindCalendars({ calendars: ['acme'], by: 'alice' }, known)
    const bound: UpgradeEvent = { type: 'CalendarsBound', data: { calendars: ['acme'], by: 'alice' } }
    given(...oneByOne)
      .when(bind, later(4000))
      .thenEvents(bound, held('WINDOW_CLOSED', feast.to, feast.why))
    given(...oneByOne)
      .when(bind, later(4000))
      .thenIdempotent()
  })
})

describe('a hold that nothing bears out any more', () => {
  it.each<[string, History]>([
    [
      'between waves',
      [...running([1, 3], { continueByHand: true }), ended('succeeded', 0), waveEnded(), continueAwaited],
    ],
    ['while the upgrade is paused', [...running(3, { parallel: 1 }), paused]],
  ])('is lifted %s', (_, history) => {
    given(...history, held('FREEZE', null, 'incident'))
      .when(tick(calm), later(60))
      .thenEvents(lifted('FREEZE'))
  })
  it('gives way to one that says what holds now', () => {
    const second = { id: 'stop-2', reason: 'audit', by: 'carol', since: later(30) }
    given(...running(2), held('FREEZE', null, 'incident'))
      .when(tick({ ...calm, stops: [second] }), later(60))
      .thenEvents(held('FREEZE', null, 'audit'))
    given(...running(2), held('FREEZE', null, 'incident'))
      .when(tick({ ...calm, stops: [...stopped.stops, second] }), later(60))
      .thenEvents(held('FREEZE', null, 'incident; audit'))
  })
  it('is placed on nothing that is paused or waits for approval', () => {
    const approvals = { required: 1, approvers: null, expiresInSeconds: 3600 }
    given(...upgradeOf(2, { approvals }))
      .when(tick(stopped), later(60))
      .thenNothing()
    given(...running(2, { parallel: 1 }), paused)
      .when(tick(stopped), later(60))
      .thenNothing()
  })
})

describe('an opening that does not come', () => {
  const window = { start: later(0), end: later(7200) }
  const lapses = later(7200 + 7 * 86_400)
  const over = held('WINDOW_CLOSED', null, window.end, lapses)
  const left: UpgradeEvent = {
    type: 'MembersSkipped',
    data: { members: [[1, 3]], was: 'pending', code: 'window_over', by: systemActor },
  }
  const end: UpgradeEvent = { type: 'UpgradeCompleted', data: { exceptions: true } }
  const history = [...running([1, 3], { window }), ended('succeeded', 0), waveEnded(), over] as const

  it('is waited for as long as the request says; then who is left over stays out', () => {
    given(...history)
      .when(tick(calm), later(7199 + 7 * 86_400))
      .thenNothing()
    given(...history)
      .when(tick(calm), lapses)
      .thenEvents(left, end)
    expect(standingAfter(...history, left, end)).toMatchObject({
      status: 'completed_with_exceptions',
      counts: { succeeded: 1, skipped: 2 },
    })
  })
  it('says so before', () => {
    const [hold] = standingAfter(...history).holds
    expect(hold && unblockOf(hold)).toContain(`the rest is left out then, at ${lapses}`)
  })
  it('is waited for until nothing is in flight, and counts who waits for another try as failed', () => {
    const inFlight = [...running(3, { parallel: 2, window }), retrying(0, later(7000)), over] as const
    given(...inFlight)
      .when(tick(calm), lapses)
      .thenTypes('DeadlinePassed')
    given(...inFlight)
      .when(attemptsEnd('succeeded', 1), lapses)
      .thenEvents(
        ended('succeeded', 1),
        {
          type: 'MembersSkipped',
          data: { members: [[2, 3]], was: 'pending', code: 'window_over', by: systemActor },
        },
        { type: 'RetriesGivenUp', data: { members: [[0, 1]] } },
        end,
      )
  })
  it('is waited for without end while somebody has paused it', () => {
    given(...history, paused)
      .when(tick(calm), later(90 * 86_400))
      .thenNothing()
  })
  it('comes as long as the profile is in service, and else is waited for from its end on', () => {
    const selection = { ...requestOf().selection, profile: 'p' }
    const ofProfile = [...running([1, 3], { window, selection }), ended('succeeded', 0), waveEnded()] as const
    given(...ofProfile)
      .when(tick(calm), later(8000))
      .thenEvents(held('WINDOW_CLOSED', null, window.end))
    given(...ofProfile)
      .when(tick({ ...calm, outOfService: later(9000) }), later(10_000))
      .thenEvents(held('WINDOW_CLOSED', null, window.end, later(9000 + 7 * 86_400)))
  })
  it('is waited for from when that was first said, however often it is said again', () => {
    const until = { from: later(0), to: later(9000), why: 'feast' }
    const forGood = { ...until, to: '9999-12-31T00:00:00.000Z' }
    const lapses = later(3600 + 7 * 86_400)
    const closed = held('WINDOW_CLOSED', null, 'feast', lapses)
    const ofNone = [...running([1, 3]), ended('succeeded', 0), waveEnded()] as const
    const redefined = [...ofNone, held('WINDOW_CLOSED', until.to, 'feast'), [closed, later(3600)]] as const
    given(...ofNone, held('WINDOW_CLOSED', until.to, 'feast'))
      .when(tick({ ...calm, closures: [forGood] }), later(3600))
      .thenEvents(closed)
    given(...redefined)
      .when(tick({ ...calm, closures: [forGood] }), later(3660))
      .thenNothing()
    given(...redefined)
      .when(tick({ ...calm, closures: [{ ...forGood, why: 'winter' }] }), later(7200))
      .thenEvents(held('WINDOW_CLOSED', null, 'winter', lapses))
    given(...redefined)
      .when(tick({ ...calm, closures: [forGood] }), lapses)
      .thenEvents(left, end)
  })
  it('expires what has not begun and is bound to no window', () => {
    const closed = { from: later(0), to: '9999-12-31T00:00:00.000Z', why: 'known no more' }
    const facts = { ...calm, closures: [closed] }
    const hold = held('WINDOW_CLOSED', null, closed.why, later(7 * 86_400))
    given(...upgradeOf(2))
      .when(tick(facts))
      .thenEvents(hold)
    given(...upgradeOf(2), hold)
      .when(tick(facts), later(7 * 86_400))
      .thenTypes('UpgradeExpired')
  })
})

describe('breaking the glass (S6)', () => {
  const approvals = { required: 1, approvers: null, expiresInSeconds: 3600 }
  const glass = {
    kind: 'rollback',
    breakGlass: true,
    reason: 'loses orders',
    approvals,
    parallel: 1,
  } as const
  const overridden = (freeze: string, since: string, ref = 'stop-1'): UpgradeEvent => ({
    type: 'FreezeOverridden',
    data: { ref, freeze, since, breakGlass: 'loses orders' },
  })

  it('waits for a second person, and says that it is for this', () => {
    const waiting = standingAfter(...upgradeOf(2, glass))
    expect(waiting).toMatchObject({ status: 'pending_approval', breakGlass: true })
    expect(waiting.holds).toMatchObject([{ code: 'APPROVAL', ref: 'break-glass' }])
    const hold = { code: 'APPROVAL', ref: 'break-glass', lapses: null } as const
    expect(unblockOf(hold)).toContain('while everything is stopped')
    given(...upgradeOf(2, glass))
      .when(start(stopped))
      .thenNothing()
  })
  it('admits in spite of the stop once a second person has approved, and the log says so', () => {
    given(...upgradeOf(2, glass), approved('bob'))
      .when(start(stopped))
      .thenEvents(waveStarted(), overridden('incident', later(0)), admitted(0))
  })
  it('is said once of each stop', () => {
    const goesOn = [
      ...upgradeOf(3, glass),
      approved('bob'),
      waveStarted(),
      overridden('incident', later(0)),
      admitted(0),
    ] as const
    given(...goesOn)
      .when(attemptsEnd('succeeded', 0, {}, stopped))
      .thenEvents(ended('succeeded', 0), admitted(1))
    const another = {
      ...stopped,
      stops: [...stopped.stops, { id: 'stop-2', reason: 'another', by: 'carol', since: later(60) }],
    }
    given(...goesOn)
      .when(attemptsEnd('succeeded', 0, {}, another))
      .thenEvents(ended('succeeded', 0), overridden('another', later(60), 'stop-2'), admitted(1))
  })
  it('is not said where nothing is stopped, or nobody can be admitted', () => {
    given(...upgradeOf(2, glass), approved('bob'))
      .when(start())
      .thenEvents(waveStarted(), admitted(0))
    given(...upgradeOf(2, glass), approved('bob'), waveStarted(), admitted(0))
      .when(tick(stopped), later(60))
      .thenNothing()
  })
  it('lifts the hold of the stop with the approval', () => {
    given(...upgradeOf(2, glass), held('FREEZE', null, 'incident'), approved('bob'))
      .when(tick(stopped))
      .thenEvents(lifted('FREEZE'))
  })
  it('is not done alone: where nobody else has approved, the stop holds', () => {
    const alone = { ...glass, approvals: { ...approvals, required: 0 } }
    given(...upgradeOf(2, alone))
      .when(start(stopped))
      .thenEvents(waveStarted(), held('FREEZE', null, 'incident'))
    given(...upgradeOf(2, alone), approved('alice'))
      .when(start(stopped))
      .thenEvents(waveStarted(), held('FREEZE', null, 'incident'))
  })
  it('is not done by what was not asked to, whoever has approved it', () => {
    given(...upgradeOf(2, { ...glass, breakGlass: false }), approved('bob'))
      .when(start(stopped))
      .thenEvents(waveStarted(), held('FREEZE', null, 'incident'))
  })
  it('opens no window', () => {
    const window = { start: later(0), end: later(600) }
    given(...upgradeOf(2, { ...glass, window }), approved('bob'))
      .when(start(stopped), later(300))
      .thenEvents(waveStarted(), held('WINDOW_CLOSED', null, window.end, later(600 + 7 * 86_400)))
  })
})

describe('a hold', () => {
  const codes: Readonly<Record<HoldCode, boolean>> = {
    ...{ WINDOW_CLOSED: true, FREEZE: true, GATE_FAILED: false, GATE_INCONCLUSIVE: false },
    ...{ BAKING: false, APPROVAL: false, CONTINUE: false, OPERATOR: false, BUSY: false, SPACING: false },
    ...{ POLICY: true, BUDGET: false },
  }
  it.each(Object.entries(codes))(
    'by %s keeps everybody out, those waiting included: %s',
    (code, keepsOut) => {
      // The keys of the table are the codes.
      const hold = { code: code as HoldCode, since: later(0), until: null, ref: null, lapses: null }
      expect(keepsEverybodyOut([hold])).toBe(keepsOut)
    },
  )
  it('tells by its code alone what ends it, in words for a person', () => {
    const words = Object.keys(codes).map((code) =>
      unblockOf({ code: code as HoldCode, ref: null, lapses: null }),
    ) // as above
    expect(new Set(words).size).toBe(words.length)
    for (const sentence of words) expect(sentence).toMatch(/^[A-Z].* .*\.$/)
  })
  it('is there once for each code: the latest takes the place of the one before', () => {
    const { holds } = standingAfter(
      ...running(2),
      held('WINDOW_CLOSED', later(60), null),
      paused,
      held('WINDOW_CLOSED', later(120), null),
    )
    expect(holds.map(({ code, until }) => [code, until])).toEqual([
      ['OPERATOR', null],
      ['WINDOW_CLOSED', later(120)],
    ])
  })
})
