import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  admitted,
  approved,
  baking,
  completed,
  continueAwaited,
  deferred,
  ended,
  given,
  type History,
  held,
  lifted,
  paused,
  planned,
  requested,
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

const approvals = { required: 1, approvers: null, expiresInSeconds: 60 }
const window = { start: later(0), end: later(3600) }
const next = { start: later(604_800), end: later(608_400) }
const closed = held('WINDOW_CLOSED', null, window.end, later(3600 + 7 * 86_400))
const expired = (detail: string): UpgradeEvent => ({ type: 'UpgradeExpired', data: { detail } })
const asked = (from: number, to: number): UpgradeEvent => ({
  type: 'DeadlinePassed',
  data: { members: [[from, to]] },
})

describe('time', () => {
  it.each<[string, number, History]>([
    ['the end of the wait for approvals', 60, upgradeOf(2, { approvals })],
    [
      'the end of a bake',
      60,
      [...running([2, 4]), ended('succeeded', [0, 2]), waveEnded(), baking(later(60))],
    ],
    ['a deadline', 600, running(2)],
    ['a retry', 60, [...running(20), retrying(0, later(60))]],
    ['the end of the window', 3600, running(2, { window, parallel: 1 })],
  ])('that comes twice at one instant changes nothing the second time: %s', (_, seconds, history) => {
    given(...history)
      .when(tick(calm), later(seconds))
      .thenIdempotent()
  })
  it('is nothing to an upgrade that is over, or that was never asked for', () => {
    given(...running(2), ended('succeeded', [0, 2]), waveEnded(), completed)
      .when(tick(calm), later(90_000))
      .thenNothing()
    given().when(tick(calm), later(90_000)).thenNothing()
  })
})

describe('an upgrade that waits', () => {
  it('expires when nobody has approved it in time, counted from its plan', () => {
    const late = [requested({ approvals }), [planned(2), later(100)]] as const
    given(...late)
      .when(tick(calm), later(159))
      .thenNothing()
    given(...late)
      .when(tick(calm), later(160))
      .thenEvents(expired(`Nobody approved it by ${later(160)}.`))
    const end = expired('Nobody approved it.')
    expect(standingAfter(...late, end)).toMatchObject({
      status: 'expired',
      failure: { code: 'expired', detail: 'Nobody approved it.' },
    })
  })
  it('does not expire once it is approved; a pause does not stop that clock', () => {
    given(...upgradeOf(2, { approvals }), approved('bob'))
      .when(tick(calm), later(60))
      .thenNothing()
    given(...upgradeOf(2, { approvals }), paused)
      .when(tick(calm), later(60))
      .thenEvents(expired(`Nobody approved it by ${later(60)}.`))
  })
  it.each<[string, History]>([
    ['for its wave', [...upgradeOf(2, { window })]],
    ['for approvals', [...upgradeOf(2, { window, approvals: { ...approvals, expiresInSeconds: 86_400 } })]],
    ['for an operator', [...upgradeOf(2, { window }), paused]],
    [
      'for the profile to say that the window has opened',
      upgradeOf(2, {
        window: { start: later(60), end: window.end },
        selection: { ...requestOf().selection, profile: 'weekly' },
      }),
    ],
  ])('%s expires with its window', (_, history) => {
    const { events } = given(...history).when(tick(calm), later(3599))
    expect(events.filter(({ type }) => type === 'UpgradeExpired')).toEqual([])
    given(...history)
      .when(tick(calm), window.end)
      .thenEvents(expired(`Its window ended at ${window.end} before it began.`))
  })
  it('does not expire when its window ends while it is at work, or being aborted', () => {
    given(...running(2, { window, parallel: 1 }), asked(0, 1), ended('succeeded', 0))
      .when(tick(calm), window.end)
      .thenEvents(closed)
    given(...upgradeOf(2, { window }), aborting())
      .when(tick(calm), window.end)
      .thenNothing()
  })
})

describe('a deadline that passes', () => {
  it('has the targets asked whose attempts may have run out', () => {
    given(...running(4), ended('succeeded', 0))
      .when(tick(calm), later(599))
      .thenNothing()
    given(...running(4), ended('succeeded', 0))
      .when(tick(calm), later(600))
      .thenEvents(asked(1, 4))
  })
  it('has them asked again every five minutes until they have ended', () => {
    const once = [...running(4), [asked(0, 4), later(600)]] as const
    given(...once)
      .when(tick(calm), later(899))
      .thenNothing()
    given(...once, ended('succeeded', [1, 4]))
      .when(tick(calm), later(900))
      .thenEvents(asked(0, 1))
  })
  it('is that of one attempt for who accepts at once and falls silent, where that is the earlier', () => {
    const patient = { deadlines: { ...requestOf().deadlines, accept: 86_400 } }
    const acceptBy = later(86_400)
    const history = [...upgradeOf(4, patient), waveStarted(), admitted([0, 4], { acceptBy })] as const
    given(...history)
      .when(tick(calm), later(3599))
      .thenNothing()
    given(...history)
      .when(tick(calm), later(3600))
      .thenEvents(asked(0, 4))
  })
  it('is kept by chunk: who was admitted later, into another one, is not asked', () => {
    const both = [
      ...running(800, { parallel: 400 }),
      ended('succeeded', [0, 399]),
      [admitted([400, 799], { acceptBy: later(900) }), later(300)],
    ] as const
    given(...both)
      .when(tick(calm), later(600))
      .thenEvents(asked(399, 400))
  })
  it('passes while the upgrade is paused or aborted, too', () => {
    for (const command of [paused, aborting()])
      given(...running(2), command)
        .when(tick(calm), later(600))
        .thenEvents(asked(0, 2))
  })
})

describe('a member that is busy', () => {
  const waiting = [...running(3), deferred([0, 2], later(4100)), ended('succeeded', 2)] as const

  it('is admitted again when its time comes, whatever time the wave has taken', () => {
    given(...waiting)
      .when(tick(calm), later(4099))
      .thenNothing()
    given(...waiting)
      .when(tick(calm), later(90_000))
      .thenEvents(admitted(null, { readmitted: [[0, 2, 2]], acceptBy: later(90_600) }))
  })
  it('waits while the upgrade is paused', () => {
    given(...waiting, paused)
      .when(tick(calm), later(4200))
      .thenNothing()
  })
  it('is admitted after a stop that kept everybody out, however long it lasted', () => {
    const history = [...waiting, held('FREEZE', null, 'incident')] as const
    given(...history)
      .when(tick(stopped), later(90_000))
      .thenNothing()
    given(...history)
      .when(tick(calm), later(90_000))
      .thenEvents(lifted('FREEZE'), admitted(null, { readmitted: [[0, 2, 2]], acceptBy: later(90_600) }))
  })
  it('is carried over to the next window where the window has closed, however long after that is', () => {
    const carried = [
      ...running(2, { window }),
      closed,
      ended('withdrawn', [0, 2], { again: ['deferred', later(3540)] }),
    ] as const
    given(...carried)
      .when(tick(calm), later(90_000))
      .thenNothing()
    given(...carried, [windowSet(next), next.start])
      .when(tick(calm), next.start)
      .thenEvents(
        lifted('WINDOW_CLOSED'),
        admitted(null, { readmitted: [[0, 2, 2]], acceptBy: later(605_400) }),
      )
  })
})

describe('the wait for somebody to continue', () => {
  const waits = [...running([1, 2]), ended('succeeded', 0), waveEnded(), continueAwaited] as const
  const halted: UpgradeEvent = {
    type: 'UpgradePaused',
    data: { by: 'drydock', reason: `Nobody continued it by ${later(7 * 86_400)}.` },
  }
  it('becomes a pause when nobody does in time', () => {
    given(...waits)
      .when(tick(calm), later(7 * 86_400 - 1))
      .thenNothing()
    given(...waits)
      .when(tick(calm), later(7 * 86_400))
      .thenEvents(halted)
  })
  it('stays a pause that somebody made before', () => {
    given(...waits, paused)
      .when(tick(calm), later(7 * 86_400))
      .thenNothing()
  })
})
