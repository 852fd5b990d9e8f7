import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { UpgradeStatus } from '../../../functions/domain/upgrade/status.ts'
import { isEnd } from '../../../functions/domain/upgrade/status.ts'
import { later } from '../given.ts'
import {
  aborting,
  admitted,
  approved,
  completed,
  deferred,
  driven,
  ended,
  everyFailureBorne,
  type History,
  held,
  paused,
  planned,
  requested,
  resumed,
  retrying,
  running,
  skipped,
  standingAfter,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'

const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }
const through = [...running(2), ended('succeeded', [0, 2]), waveEnded()] as const
const rejected: UpgradeEvent = { type: 'UpgradeRejected', data: { by: 'bob', reason: 'not on a Friday' } }
const expired: UpgradeEvent = { type: 'UpgradeExpired', data: { detail: 'Nobody approved it.' } }
const unplanned: UpgradeEvent = {
  type: 'PlanningFailed',
  data: { code: 'nothing-to-upgrade', detail: 'Nobody.' },
}
const aborted: UpgradeEvent = { type: 'UpgradeAborted', data: {} }

describe('where an upgrade stands', () => {
  it.each<[UpgradeStatus, string, History]>([
    ['requested', 'asked for', [requested(), driven()]],
    ['pending_approval', 'planned, with approvals to come', upgradeOf(2, { approvals })],
    ['scheduled', 'planned, with none to come', upgradeOf(2)],
    ['scheduled', 'approved', [...upgradeOf(2, { approvals }), approved('bob')]],
    ['running', 'in its wave', running(2)],
    ['running', 'between two waves', [...running([1, 2]), ended('succeeded', 0), waveEnded()]],
    ['running', 'with all that keeps everybody out', [...running(2), held('FREEZE', null, 'incident')]],
    ['paused', 'paused', [...running(2), paused]],
    ['running', 'resumed', [...running(2), paused, resumed]],
    ['aborting', 'aborted with something in flight', [...running(2), aborting()]],
    ['completed', 'through', [...through, completed]],
    [
      'completed_with_exceptions',
      'through but for some',
      [...through, { type: 'UpgradeCompleted', data: { exceptions: true } }],
    ],
    ['failed', 'not to be planned', [requested(), unplanned]],
    ['aborted', 'aborted', [...running(2), aborting(), aborted]],
    ['rejected', 'rejected', [...upgradeOf(2, { approvals }), rejected]],
    ['expired', 'expired', [...upgradeOf(2, { approvals }), expired]],
  ])('is %s when it is %s', (status, _, history) => {
    expect(standingAfter(...history).status).toBe(status)
  })
  it.each<[UpgradeStatus, UpgradeEvent, History]>([
    ['completed', completed, through],
    ['aborted', aborted, [...running(2), paused, aborting()]],
    ['rejected', rejected, upgradeOf(2, { approvals })],
    ['expired', expired, [...upgradeOf(2), held('WINDOW_CLOSED', null, null)]],
    ['failed', unplanned, [requested()]],
  ])('has an end, and nothing that it waits for, once it is %s', (end, event, history) => {
    const standing = standingAfter(...history, [event, later(60)])
    expect(standing).toMatchObject({ status: end, endedAt: later(60), holds: [] })
    expect(isEnd(standing.status)).toBe(true)
    expect(standingAfter(...history)).toMatchObject({ endedAt: null, failure: null })
  })
  it('tells the present wave, from 0, and -1 before the first', () => {
    expect(standingAfter(...upgradeOf(2)).wave).toBe(-1)
    expect(standingAfter(...running([1, 2])).wave).toBe(0)
    expect(standingAfter(...running([1, 2]), ended('succeeded', 0), waveEnded(), waveStarted(1)).wave).toBe(1)
  })
  it('tells the present execution', () => {
    expect(standingAfter(requested()).generation).toBe(0)
    expect(standingAfter(...upgradeOf(2)).generation).toBe(1)
    expect(standingAfter(...upgradeOf(2), driven(2)).generation).toBe(2)
  })
})

describe('the counts of an upgrade', () => {
  const borne = { failures: everyFailureBorne }

  it('have each member that was admitted or taken out once', () => {
    const history = [
      ...running(9, { ...borne, parallel: 6 }),
      retrying(0, later(60)),
      deferred(1),
      ended('succeeded', 2),
      ended('rolled_back', 3),
      ended('unreachable', 4),
      skipped(8),
    ]
    expect(standingAfter(...history).counts).toEqual({
      ...{ inFlight: 1, retrying: 1, deferred: 1, succeeded: 1, failed: 1, unreachable: 1, skipped: 1 },
      rolledBack: 1,
    })
  })
  it.each([
    ['a retry', retrying(0, later(60)), 'retried', 'retrying'],
    ['a busy member', deferred(0), 'readmitted', 'deferred'],
  ] as const)(
    'have %s in flight when it is admitted again, and out of the way when it is skipped',
    (_, before, as, was) => {
      const waiting = [...running(2, borne), before] as const
      expect(standingAfter(...waiting).counts).toMatchObject({ inFlight: 1, [was]: 1, failed: 0, skipped: 0 })
      const again = standingAfter(...waiting, admitted(null, { [as]: [[0, 1, 2]] }))
      expect(again.counts).toMatchObject({ inFlight: 2, [was]: 0 })
      expect(standingAfter(...waiting, skipped(0, was)).counts).toMatchObject({
        inFlight: 1,
        [was]: 0,
        skipped: 1,
      })
    },
  )
  it('of all waves go on where those of a wave begin anew', () => {
    const second = [
      ...running([1, 2]),
      ended('succeeded', 0),
      waveEnded(),
      waveStarted(1),
      admitted(1, { wave: 1 }),
    ]
    expect(standingAfter(...second, ended('succeeded', 1)).counts).toMatchObject({ succeeded: 2 })
  })
  it('are nothing before anybody is admitted', () => {
    expect(
      Object.values(standingAfter(requested(), driven(), planned(2)).counts).some((count) => count > 0),
    ).toBe(false)
  })
})
