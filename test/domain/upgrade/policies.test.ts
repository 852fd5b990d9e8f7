import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { Demand } from '../../../functions/domain/rules/demands.ts'
import type { Unmet } from '../../../functions/domain/rules/judge.ts'
import type { AdmissionFacts } from '../../../functions/domain/upgrade/admission.ts'
import { approveUpgrade, rejectUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import { resumeUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { recordPlan } from '../../../functions/domain/upgrade/request.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  approved,
  asked,
  attemptsEnd,
  driven,
  ended,
  given,
  held,
  lifted,
  planned,
  requested,
  running,
  standingAfter,
  upgradeOf,
  voided,
  waveStarted,
  windowSet,
} from './stories.ts'
import { calm, planOf } from './world.ts'

const unmet: Unmet = {
  ...{ policy: 'production', code: 'version-blocked', detail: 'v1.2.0 is blocked' },
  ...{ satisfiedBy: 'another version', from: null },
}
const words = 'v1.2.0 is blocked (policy production; would be right: another version)'
const forbidding: AdmissionFacts = { ...calm, rulesVersion: 3, unmet: [unmet] }
const begin = (facts: AdmissionFacts) => startWave({ wave: 0, generation: 1 }, facts)

const demand = (changes: Partial<Demand> = {}): Demand => ({
  ...{ policy: 'security', revision: 1, required: 1, approvers: ['eve'], role: 'approver' },
  ...{ expiresInSeconds: 3600, ...changes },
})
const demanding = (...demands: readonly Demand[]): AdmissionFacts => ({ ...calm, demands })
const demanded = (...demands: readonly (readonly [Demand, number])[]): UpgradeEvent => ({
  type: 'ApprovalsDemanded',
  data: {
    demands: demands.map(([{ policy, revision, required, expiresInSeconds }, given]) => ({
      ...{ policy, revision, required, given, expiresInSeconds },
    })),
  },
})
const approve = (by: string, facts: AdmissionFacts, role: 'approver' | 'admin' = 'approver') =>
  approveUpgrade({ by, planHash: 'a1', comment: null, role }, facts)
const counted = (by: string, request: boolean, ...policies: string[]): UpgradeEvent => ({
  type: 'ApprovalGiven',
  data: {
    ...{ by, planHash: 'a1', window: null, comment: null, role: 'approver' },
    counts: { request, policies },
  },
})

describe('an upgrade that does not meet its policies', () => {
  it('does not begin, and does when it meets them', () => {
    given(...upgradeOf(2))
      .when(begin(forbidding))
      .thenEvents(held('POLICY', null, words))
    given(...upgradeOf(2), held('POLICY', null, words))
      .when(begin(calm))
      .thenNothing()
    given(...upgradeOf(2), held('POLICY', null, words))
      .when(tick(calm))
      .thenEvents(lifted('POLICY'))
    given(...upgradeOf(2), held('POLICY', null, words), lifted('POLICY'))
      .when(begin(calm))
      .thenEvents(waveStarted(), admitted([0, 2]))
  })
  it('says so in the commit of its plan already', () => {
    given(requested(), driven())
      .when(recordPlan({ plan: planOf(2), facts: forbidding }))
      .thenEvents(planned(2), held('POLICY', null, words))
  })
  it('admits nobody any more from the next decision on, and goes on when it meets them', () => {
    const oneByOne = running(3, { parallel: 1 })
    given(...oneByOne)
      .when(attemptsEnd('succeeded', 0, {}, forbidding))
      .thenEvents(ended('succeeded', 0), held('POLICY', null, words))
    given(...oneByOne, ended('succeeded', 0), held('POLICY', null, words))
      .when(tick(forbidding))
      .thenNothing()
    given(...oneByOne, ended('succeeded', 0), held('POLICY', null, words))
      .when(tick({ ...calm, rulesVersion: 4 }))
      .thenEvents(lifted('POLICY'), admitted(1, { rulesVersion: 4 }))
  })
  it('is told the time when waiting alone is enough', () => {
    const from = later(3600)
    const waits = { ...forbidding, unmet: [{ ...unmet, code: 'not-tested' as const, from }] }
    const { events } = given(...upgradeOf(2)).when(begin(waits))
    expect(events).toEqual([held('POLICY', from, words)])
  })
  it('has as many in flight as policies let be, if that is fewer', () => {
    given(...upgradeOf(5, { parallel: 3 }))
      .when(begin({ ...calm, parallel: 2 }))
      .thenEvents(waveStarted(), admitted([0, 2]))
    given(...upgradeOf(5, { parallel: 3 }))
      .when(begin({ ...calm, parallel: 4 }))
      .thenEvents(waveStarted(), admitted([0, 3]))
  })
})

describe('approvals that policies ask for', () => {
  const [security, operations] = [demand(), demand({ policy: 'operations', required: 2, approvers: null })]
  const asks = (demand: Demand, given = 0, changes: Parameters<typeof asked>[1] = {}) =>
    asked(later(demand.expiresInSeconds), {
      ...{ needed: 0, demands: [{ policy: demand.policy, required: demand.required, given }], ...changes },
    })
  const waiting = [...upgradeOf(2), demanded([security, 0])] as const

  it('are asked for when the plan is recorded, or before it begins; asked for again nothing changes', () => {
    given(requested(), driven())
      .when(recordPlan({ plan: planOf(2), facts: demanding(security) }))
      .thenEvents(planned(2), demanded([security, 0]), asks(security))
    given(...upgradeOf(2))
      .when(begin(demanding(security)))
      .thenEvents(demanded([security, 0]), asks(security))
    given(...waiting)
      .when(tick(demanding(security)))
      .thenNothing()
    expect(standingAfter(...waiting)).toMatchObject({
      ...{ status: 'pending_approval', holds: [{ code: 'APPROVAL', lapses: later(3600) }] },
    })
  })

  it('are asked of nobody once it has begun', () => {
    given(...running(2, { parallel: 2 }))
      .when(tick(demanding(security)))
      .thenNothing()
  })

  it('let it go when all are there, each counted for what means its giver', () => {
    const both = demanding(security, operations)
    const asked = [...upgradeOf(2), demanded([security, 0], [operations, 0])] as const
    given(...asked)
      .when(approve('bob', both))
      .thenEvents(counted('bob', false, 'operations'))
    given(...asked, counted('bob', false, 'operations'))
      .when(approve('eve', both))
      .thenEvents(counted('eve', false, 'security', 'operations'))
    const all = [counted('bob', false, 'operations'), counted('eve', false, 'security', 'operations')]
    expect(standingAfter(...asked, all[0] as UpgradeEvent).status).toBe('pending_approval')
    expect(standingAfter(...asked, ...all).status).toBe('scheduled')
  })

  it('do not stand in for those of the request, nor these for them', () => {
    const request = { approvals: { required: 1, approvers: ['bob'], expiresInSeconds: 86_400 } }
    const asked = [...upgradeOf(2, request), demanded([security, 0])] as const
    given(...asked)
      .when(approve('eve', demanding(security)))
      .thenEvents(counted('eve', false, 'security'))
    given(...asked)
      .when(approve('bob', demanding(security)))
      .thenEvents(counted('bob', true))
    expect(standingAfter(...asked, counted('eve', false, 'security')).status).toBe('pending_approval')
    expect(standingAfter(...asked, counted('bob', true)).status).toBe('pending_approval')
    given(...asked)
      .when(approve('mallory', demanding(security)))
      .thenRejected('not-an-approver')
  })

  it('are given by nobody who asked for it, nor by whose word counts for nothing that is lacking', () => {
    const facts = demanding(demand({ approvers: ['alice', 'eve'] }))
    given(...upgradeOf(2))
      .when(approve('alice', facts))
      .thenRejected('self-approval')
    given(...waiting, counted('eve', false, 'security'))
      .when(approve('bob', demanding(security)))
      .thenRejected('nothing-to-approve')
    const two = demand({ required: 2, approvers: ['eve', 'sam'] })
    given(...upgradeOf(2), demanded([two, 1]))
      .when(approve('bob', demanding(two)))
      .thenRejected('not-an-approver')
  })

  it('that were given count for what is asked for instead, by name and by role', () => {
    const revised = demand({ revision: 2, approvers: ['bob', 'eve'] })
    const history = [
      ...upgradeOf(2, { approvals: { required: 1, approvers: null, expiresInSeconds: 86_400 } }),
      demanded([security, 0]),
      counted('bob', true),
    ] as const
    given(...history)
      .when(tick(demanding(revised)))
      .thenEvents(demanded([revised, 1]))
    expect(standingAfter(...history, demanded([revised, 1])).status).toBe('scheduled')
    const admins = demand({ revision: 3, approvers: null, role: 'admin' })
    given(...history)
      .when(tick(demanding(admins)))
      .thenEvents(demanded([admins, 0]), asks(admins, 0, { needed: 1, given: 1 }))
  })

  it('that no policy asks for any more are waited for no more', () => {
    given(...waiting)
      .when(tick(calm))
      .thenTypes('ApprovalsDemanded')
    expect(standingAfter(...waiting, demanded())).toMatchObject({ status: 'scheduled', holds: [] })
  })

  it('expire when the shortest time is over, and not before', () => {
    given(...waiting)
      .when(tick(demanding(security)), later(3599))
      .thenNothing()
    given(...waiting)
      .when(tick(demanding(security)), later(3600))
      .thenTypes('UpgradeExpired')
  })

  it('may be refused by whoever may give them', () => {
    const reject = (by: string) => rejectUpgrade({ by, reason: 'no' }, demanding(security))
    given(...waiting)
      .when(reject('eve'))
      .thenTypes('UpgradeRejected')
    given(...waiting)
      .when(reject('alice'))
      .thenRejected('self-approval')
    const named = { approvals: { required: 0, approvers: ['bob'], expiresInSeconds: 86_400 } }
    given(...upgradeOf(2, named), demanded([security, 0]))
      .when(reject('mallory'))
      .thenRejected('not-an-approver')
  })

  it('are all asked for again when the window is moved out of what was approved', () => {
    const window = { start: later(0), end: later(7200) }
    const seen = { ...counted('eve', false, 'security') } as Extract<UpgradeEvent, { type: 'ApprovalGiven' }>
    const inWindow: UpgradeEvent = { ...seen, data: { ...seen.data, window } }
    const history = [
      ...upgradeOf(2, { window }),
      demanded([demand({ approvers: null }), 0]),
      inWindow,
    ] as const
    const other = { start: later(7200), end: later(14_400) }
    const anybody = demanding(demand({ approvers: null }))
    given(...history)
      .when(resumeUpgrade({ by: 'bob', window: other }, anybody))
      .thenTypes('WindowSet', 'ApprovalsVoided', 'ApprovalAwaited')
    // Whoever moves it does not approve it: nobody else is named.
    given(...history)
      .when(resumeUpgrade({ by: 'eve', window: other }, demanding(security)))
      .thenRejected('approvers-missing')
  })

  it('are counted each for those who ask for them, where somebody moves the window inside of what was approved', () => {
    const window = { start: later(0), end: later(7200) }
    const inside = { start: later(0), end: later(3600) }
    const seen = counted('bob', true) as Extract<UpgradeEvent, { type: 'ApprovalGiven' }>
    const approvals = { required: 1, approvers: ['bob'], expiresInSeconds: 86_400 }
    const history = [
      ...upgradeOf(2, { window, approvals }),
      demanded([security, 0]),
      { ...seen, data: { ...seen.data, window } },
    ] as const
    const moves = (by: string) => resumeUpgrade({ by, window: inside }, demanding(security))
    given(...history)
      .when(moves('eve'))
      .thenRejected('approvers-missing')
    given(...history)
      .when(moves('dave'))
      .thenTypes('WindowSet', 'ApprovalAwaited')
  })

  it('are brought up to date where what has begun waits to be approved again', () => {
    const window = { start: later(0), end: later(7200) }
    const seen = counted('bob', true) as Extract<UpgradeEvent, { type: 'ApprovalGiven' }>
    const request = { window, approvals: { required: 1, approvers: null, expiresInSeconds: 86_400 } }
    const history = [
      ...upgradeOf(2, request),
      demanded([security, 0]),
      { ...seen, data: { ...seen.data, window } },
      { ...seen, data: { ...counted('eve', false, 'security').data, window } },
      waveStarted(),
      windowSet({ start: later(0), end: later(9000) }, 'dave'),
      voided('dave', { start: later(0), end: later(9000) }),
    ] as UpgradeEvent[]
    expect(standingAfter(...history)).toMatchObject({ status: 'running', holds: [{ code: 'APPROVAL' }] })
    given(...history)
      .when(tick(calm))
      .thenTypes('ApprovalsDemanded', 'ApprovalAwaited')
    given(...history)
      .when(tick(demanding(security)))
      .thenNothing()
  })

  it('are beside an approval that had no policy to count for', () => {
    const once = upgradeOf(2, { approvals: { required: 1, approvers: null, expiresInSeconds: 86_400 } })
    given(...once, approved('bob'))
      .when(tick(demanding(security)))
      .thenEvents(demanded([security, 0]), asks(security, 0, { needed: 1, given: 1 }))
  })
})
