import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { approveUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import { moveWindow, resumeUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { isPlanned } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  approved,
  asked,
  fold,
  given,
  held,
  paused,
  resumed,
  standingAfter,
  upgradeOf,
  voided,
  waveStarted,
  windowSet,
} from './stories.ts'
import { calm } from './world.ts'

const night = { start: later(36_000), end: later(50_000) }
const day = { start: later(0), end: later(14_400) }
const approvals = { required: 1, approvers: null, expiresInSeconds: 3600 }
const planned = upgradeOf(2, { approvals, window: night })
const resume = (window: typeof night, by = 'carol') => resumeUpgrade({ by, window }, calm)

describe('the window that was approved', () => {
  it('is recorded with the approval', () => {
    const approve = approveUpgrade({ by: 'bob', planHash: 'a1', comment: null }, calm)
    given(...planned)
      .when(approve)
      .thenEvents(approved('bob', night), held('WINDOW_CLOSED', night.start, night.end))
  })

  it('voids the approvals when somebody moves it elsewhere, before the start and after it', () => {
    given(...planned, approved('bob', night))
      .when(resume(day))
      .thenEvents(windowSet(day, 'carol'), voided('carol', day), asked(later(3600), { window: day }))
    const begun = [...upgradeOf(2, { approvals, window: day }), approved('bob', day), waveStarted()] as const
    const longer = { ...day, end: later(20_000) }
    expect(standingAfter(...begun, windowSet(longer, 'carol'), voided('carol', longer))).toMatchObject({
      status: 'running',
      approvals: { needed: 1, given: 0 },
      holds: [{ code: 'APPROVAL', lapses: later(3600) }],
    })
  })

  it('is told to whoever is asked, again where it is moved before anybody has approved', () => {
    const waiting = upgradeOf(2, { approvals, window: night })
    given(...waiting, paused)
      .when(resume(day))
      .thenEvents(
        windowSet(day, 'carol'),
        { ...resumed, data: { by: 'carol' } } as UpgradeEvent,
        asked(later(3600), { window: day }),
      )
  })

  it('asks whoever had approved it anew, also while others have yet to', () => {
    const two = upgradeOf(2, { approvals: { ...approvals, required: 2 }, window: night })
    given(...two, approved('bob', night))
      .when(resume(day))
      .thenEvents(
        windowSet(day, 'carol'),
        voided('carol', day),
        asked(later(3600), { window: day, needed: 2 }),
      )
  })

  it('is what the approval of a profile stands for in each window that the profile opens', () => {
    const history = [...planned, approved('bob', night), windowSet(day, 'drydock')] as const
    const state = fold(history)
    expect(isPlanned(state) && state.approvals).toMatchObject([{ by: 'bob', window: day }])
    given(...planned, approved('bob', night))
      .when(
        moveWindow({ window: { start: later(90_000), end: later(99_000) }, by: 'drydock' }, calm),
        later(90_000),
      )
      .thenEvents(windowSet({ start: later(90_000), end: later(99_000) }, 'drydock'))
  })

  it('pauses what has begun when nobody approves the other one in time', () => {
    const begun = [...upgradeOf(2, { approvals, window: day }), approved('bob', day), waveStarted()] as const
    const longer = { ...day, end: later(20_000) }
    const history = [...begun, windowSet(longer, 'carol'), voided('carol', longer)] as const
    given(...history)
      .when(tick(calm), later(3599))
      .thenNothing()
    const reason = `Nobody approved it again by ${later(3600)}.`
    given(...history)
      .when(tick(calm), later(3600))
      .thenEvents({ type: 'UpgradePaused', data: { by: 'drydock', reason } })
    expect(standingAfter(...history, paused).resumesTo).toBe('running')
  })
})
