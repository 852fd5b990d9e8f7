import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { failPlanning, recordPlan, requestUpgrade } from '../../../functions/domain/upgrade/request.ts'
import { later } from '../given.ts'
import {
  aborting,
  asked,
  completed,
  driven,
  fold,
  given,
  held,
  planned,
  requested,
  standingAfter,
  stopped,
  upgradeOf,
} from './stories.ts'
import { calm, planOf, requestOf } from './world.ts'

const ask = requestUpgrade({ request: requestOf(), by: 'alice' })
const record = recordPlan({ plan: planOf(2), facts: calm })
const fail = failPlanning({ code: 'nothing-to-upgrade', detail: 'No target is left.' })
const failed: UpgradeEvent = {
  type: 'PlanningFailed',
  data: { code: 'nothing-to-upgrade', detail: 'No target is left.' },
}
const window = { start: later(3600), end: later(7200) }
const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }

describe('asking for an upgrade', () => {
  it('begins its first execution with it', () => {
    given().when(ask).thenEvents(requested(), driven())
  })
  it('changes nothing the second time, whatever is asked for then and however far it is', () => {
    given().when(ask).thenIdempotent()
    const other = requestUpgrade({ request: requestOf({ version: 'v9.0.0' }), by: 'bob' })
    given(requested()).when(other).thenNothing()
    given(...upgradeOf(2), completed)
      .when(other)
      .thenNothing()
  })
  it('takes along the plan that was made before it, so that its execution need not', () => {
    const planFirst = requestUpgrade({
      request: requestOf(),
      by: 'alice',
      planned: { plan: planOf(2), facts: calm },
    })
    given().when(planFirst).thenEvents(requested(), driven(), planned(2))
    given().when(planFirst).thenIdempotent()
  })
})

describe('recording the plan', () => {
  it('is done once: of two planners the first one counts', () => {
    given(requested(), driven()).when(record).thenEvents(planned(2))
    given(requested(), driven()).when(record).thenIdempotent()
    given(...upgradeOf(5))
      .when(record)
      .thenNothing()
  })
  it('schedules the upgrade, or lets it wait for the approvals that it needs', () => {
    expect(standingAfter(...upgradeOf(2))).toMatchObject({ status: 'scheduled', holds: [] })
    const { status, holds } = standingAfter(...upgradeOf(2, { approvals }))
    expect([status, holds.map(({ code }) => code)]).toEqual(['pending_approval', ['APPROVAL']])
  })
  it('is the end where nobody is left to upgrade', () => {
    given(requested(), driven())
      .when(recordPlan({ plan: planOf(0), facts: calm }))
      .thenEvents(planned(0), completed)
  })
  it('says at once what keeps everybody out: a window that is not open yet, and a stop', () => {
    given(requested({ window }), driven())
      .when(record)
      .thenEvents(planned(2), held('WINDOW_CLOSED', window.start, window.end))
    given(requested(), driven())
      .when(recordPlan({ plan: planOf(2), facts: stopped }))
      .thenEvents(planned(2), held('FREEZE', null, 'incident'))
  })
  it('does not say so while it waits for approvals, which come first: these it asks for', () => {
    given(requested({ approvals, window }), driven())
      .when(recordPlan({ plan: planOf(2), facts: stopped }))
      .thenEvents(planned(2), asked(later(600), { window }))
    const named = { ...approvals, approvers: ['bob'] }
    given(requested({ approvals: named }), driven())
      .when(record)
      .thenEvents(planned(2), asked(later(600), { approvers: ['bob'] }))
  })
  it('comes too late after an abort, and after the end', () => {
    given(requested(), driven(), aborting()).when(record).thenNothing()
    given(requested(), driven(), failed).when(record).thenNothing()
  })
  it('is refused where nobody has asked for an upgrade', () => {
    given().when(record).thenRejected('upgrade-not-found')
  })
})

describe('a request that cannot be planned', () => {
  it('ends the upgrade, which says why', () => {
    given(requested(), driven()).when(fail).thenEvents(failed)
    expect(standingAfter(requested(), driven(), failed)).toMatchObject({
      status: 'failed',
      failure: { code: 'nothing-to-upgrade', detail: 'No target is left.' },
    })
    expect(fold([requested(), driven(), failed])).toMatchObject({ stage: 'ended', plan: null, approvals: [] })
  })
  it('ends it once', () => {
    given(requested(), driven()).when(fail).thenIdempotent()
  })
  it('changes nothing where there is a plan, an abort or no request', () => {
    given(...upgradeOf(2))
      .when(fail)
      .thenNothing()
    given(requested(), driven(), aborting()).when(fail).thenNothing()
    given().when(fail).thenNothing()
  })
})
