import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { type HoldCode, keepsEverybodyOut, unblockOf } from '../../../functions/domain/upgrade/hold.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  approved,
  attemptsEnd,
  ended,
  given,
  held,
  lifted,
  paused,
  running,
  standingAfter,
  stopped,
  upgradeOf,
  waveStarted,
  windowSet,
} from './stories.ts'
import { calm } from './world.ts'

const start = (facts = calm) => startWave({ wave: 0, generation: 1 }, facts)

describe('a window', () => {
  const window = { start: later(3600), end: later(7200) }
  const oneByOne = running(3, { window, parallel: 1 })
  const closed = held('WINDOW_CLOSED', window.start, window.end)
  const over = held('WINDOW_CLOSED', null, window.end)

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
      .thenEvents(ended('succeeded', 0), admitted(1, { acceptBy: later(7499) }))
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0), later(6900))
      .thenEvents(ended('succeeded', 0), over)
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

describe('breaking the glass (S6)', () => {
  const approvals = { required: 1, approvers: null, expiresInSeconds: 3600 }
  const glass = {
    kind: 'rollback',
    breakGlass: true,
    reason: 'loses orders',
    approvals,
    parallel: 1,
  } as const
  const overridden = (freeze: string, since: string): UpgradeEvent => ({
    type: 'FreezeOverridden',
    data: { freeze, since, breakGlass: 'loses orders' },
  })

  it('waits for a second person, and says that it is for this', () => {
    const waiting = standingAfter(...upgradeOf(2, glass))
    expect(waiting).toMatchObject({ status: 'pending_approval', breakGlass: true })
    expect(waiting.holds).toMatchObject([{ code: 'APPROVAL', ref: 'break-glass' }])
    expect(unblockOf({ code: 'APPROVAL', ref: 'break-glass' })).toContain('while everything is stopped')
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
    const another = { ...calm, freeze: { reason: 'another', since: later(60) } }
    given(...goesOn)
      .when(attemptsEnd('succeeded', 0, {}, another))
      .thenEvents(ended('succeeded', 0), overridden('another', later(60)), admitted(1))
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
      .thenEvents(waveStarted(), held('WINDOW_CLOSED', null, window.end))
  })
})

describe('a hold', () => {
  const codes: Readonly<Record<HoldCode, boolean>> = {
    ...{ WINDOW_CLOSED: true, FREEZE: true, GATE_FAILED: false, GATE_INCONCLUSIVE: false },
    ...{ BAKING: false, APPROVAL: false, OPERATOR: false, BUSY: false },
  }
  it.each(Object.entries(codes))(
    'by %s keeps everybody out, those waiting included: %s',
    (code, keepsOut) => {
      // The keys of the table are the codes.
      const hold = { code: code as HoldCode, since: later(0), until: null, ref: null }
      expect(keepsEverybodyOut([hold])).toBe(keepsOut)
    },
  )
  it('tells by its code alone what ends it, in words for a person', () => {
    const words = Object.keys(codes).map((code) => unblockOf({ code: code as HoldCode, ref: null })) // as above
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
