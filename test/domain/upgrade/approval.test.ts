import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { approveUpgrade, rejectUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import {
  aborting,
  approved,
  completed,
  given,
  type History,
  paused,
  requested,
  resumed,
  running,
  standingAfter,
  upgradeOf,
} from './stories.ts'
import { calm } from './world.ts'

const approve = (by: string, planHash = 'a1') => approveUpgrade({ by, planHash, comment: null }, calm)
const reject = (by: string) => rejectUpgrade({ by, reason: 'not on a Friday' })
const rejected: UpgradeEvent = { type: 'UpgradeRejected', data: { by: 'bob', reason: 'not on a Friday' } }

/** Alice's upgrade of two targets, which wants so many approvals, perhaps by people who are named. */
const wanting = (required: number, approvers: string[] | null = null) =>
  upgradeOf(2, { approvals: { required, approvers, expiresInSeconds: 600 } })

describe('approving', () => {
  it('is recorded with the plan that it is about', () => {
    given(...wanting(1))
      .when(approve('bob'))
      .thenEvents(approved('bob'))
  })
  it('binds to the plan: one of another plan is refused, and so is one of none', () => {
    given(...wanting(1))
      .when(approve('bob', 'other'))
      .thenRejected('plan-changed')
    given(...wanting(1))
      .when(approve('bob', ''))
      .thenRejected('plan-changed')
  })
  it('is never done by who asked for the upgrade', () => {
    given(...wanting(1))
      .when(approve('alice'))
      .thenRejected('self-approval')
    given(...wanting(1, ['alice']))
      .when(approve('alice'))
      .thenRejected('self-approval')
  })
  it('is done by those alone who are named, where some are', () => {
    given(...wanting(1, ['bob']))
      .when(approve('carol'))
      .thenRejected('not-an-approver')
    given(...wanting(1, ['bob']))
      .when(approve('bob'))
      .thenEvents(approved('bob'))
  })
  it('counts once a person, so that two are two people', () => {
    given(...wanting(2))
      .when(approve('bob'))
      .thenIdempotent()
    expect(standingAfter(...wanting(2), approved('bob'))).toMatchObject({
      status: 'pending_approval',
      approvals: { needed: 2, given: 1 },
      holds: [{ code: 'APPROVAL' }],
    })
  })
  it('schedules the upgrade with the last one that it needs', () => {
    expect(standingAfter(...wanting(2), approved('bob'), approved('carol'))).toMatchObject({
      status: 'scheduled',
      holds: [],
    })
  })
  it('counts while the upgrade is paused, which is scheduled as soon as somebody resumes it', () => {
    given(...wanting(1), paused)
      .when(approve('bob'))
      .thenEvents(approved('bob'))
    const after = standingAfter(...wanting(1), paused, approved('bob'))
    expect([after.status, after.holds.map(({ code }) => code)]).toEqual(['paused', ['OPERATOR']])
    expect(standingAfter(...wanting(1), paused, approved('bob'), resumed).status).toBe('scheduled')
  })
  it('is nothing new when it is repeated after it has served, even after the end', () => {
    given(...wanting(1), approved('bob'))
      .when(approve('bob'))
      .thenNothing()
    given(...wanting(1), approved('bob'), completed)
      .when(approve('bob'))
      .thenNothing()
  })
  it('is refused before there is a plan, and where there never will be one', () => {
    given(requested()).when(approve('bob')).thenRejected('not-planned')
    given(requested(), aborting(), { type: 'UpgradeAborted', data: {} })
      .when(approve('bob'))
      .thenRejected('not-planned')
    given().when(approve('bob')).thenRejected('upgrade-not-found')
  })
  it.each<[string, History]>([
    ['needs none', upgradeOf(2)],
    ['has all that it needs', [...wanting(1), approved('carol')]],
    ['runs', running(2)],
    ['was paused while it ran', [...running(2), paused]],
    ['is being aborted', [...wanting(1), aborting()]],
    ['was rejected', [...wanting(1), rejected]],
    ['is over', [...running(2), completed]],
  ])('is refused while the upgrade waits for none: it %s', (_, history) => {
    given(...history)
      .when(approve('bob'))
      .thenRejected('nothing-to-approve')
  })
})

describe('rejecting', () => {
  it('is the end of the upgrade, which says why', () => {
    given(...wanting(1))
      .when(reject('bob'))
      .thenEvents(rejected)
    expect(standingAfter(...wanting(1), rejected)).toMatchObject({
      status: 'rejected',
      failure: { code: 'rejected', detail: 'not on a Friday' },
    })
  })
  it('happens once, whoever rejects it again', () => {
    given(...wanting(1))
      .when(reject('bob'))
      .thenIdempotent()
    given(...wanting(1), rejected)
      .when(reject('carol'))
      .thenNothing()
  })
  it('is for those who may approve: not for who asked, nor for who is not named', () => {
    given(...wanting(1))
      .when(reject('alice'))
      .thenRejected('self-approval')
    given(...wanting(1, ['bob']))
      .when(reject('carol'))
      .thenRejected('not-an-approver')
  })
  it.each<[string, History]>([
    ['is being planned', [requested()]],
    ['needs none', upgradeOf(2)],
    ['runs', running(2)],
    ['is being aborted', [...wanting(1), aborting()]],
    ['is over', [...running(2), completed]],
  ])('is refused while the upgrade waits for no approval: it %s', (_, history) => {
    given(...history)
      .when(reject('bob'))
      .thenRejected('nothing-to-approve')
  })
  it('is refused where there is no upgrade', () => {
    given().when(reject('bob')).thenRejected('upgrade-not-found')
  })
})
