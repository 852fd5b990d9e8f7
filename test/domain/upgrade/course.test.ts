import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { Course } from '../../../functions/domain/upgrade/course.ts'
import { later } from '../given.ts'
import {
  admitted,
  deferred,
  ended,
  everyFailureBorne,
  fold,
  type History,
  requested,
  retrying,
  running,
  skipped,
  upgradeOf,
  waveStarted,
} from './stories.ts'

/** The course of an upgrade, followed event by event as its reader does. */
function courseOf(...history: History): Course {
  const course = new Course()
  for (const [place, entry] of history.entries())
    course.follow('type' in entry ? entry : entry[0], fold(history.slice(0, place + 1)))
  return course
}

/** An attempt fails with a code; `again` where it is to be tried again. */
const failedWith = (code: string | null, member: number, n = 1, again = false): UpgradeEvent => {
  const event = again ? retrying(member, later(60), n) : ended('failed', member, { n })
  if (event.type !== 'OutcomesRecorded') return event
  const outcomes = event.data.outcomes.map((outcome) => ({ ...outcome, code }))
  return { type: event.type, data: { ...event.data, outcomes } }
}
const retried = (member: number, n: number) => admitted(null, { retried: [[member, member + 1, n]] })
const five = running(5, { failures: everyFailureBorne })

describe('the course of an upgrade', () => {
  it('has the most that were ever in flight at once', () => {
    const history = [
      ...upgradeOf(5),
      waveStarted(),
      admitted([0, 2]),
      ended('succeeded', 0),
      admitted([2, 4]),
    ]
    expect(courseOf(...history).peak).toBe(3)
    expect(courseOf(...history, ended('succeeded', [1, 4]), admitted(4)).peak).toBe(3)
  })
  it('has every try that ended, by member and admission', () => {
    const course = courseOf(...five, retrying(0, later(60)), retried(0, 2), ended('succeeded', 0, { n: 2 }))
    expect([...course.ended]).toEqual(['0#1', '0#2'])
  })
  it('has the code of each member that failed, and the outcome where there is no code', () => {
    expect(courseOf(...five, failedWith('DISK_FULL', 0), failedWith(null, 1)).codes).toEqual([
      'DISK_FULL',
      'FAILED',
    ])
    expect(courseOf(...five, ended('unreachable', 0), ended('timed_out', 1)).codes).toEqual([
      'UNREACHABLE',
      'TIMED_OUT',
    ])
  })
  it('has a failure, too, that is to be tried again, until the next try says otherwise', () => {
    expect(courseOf(...five, failedWith('BUSY_DISK', 0, 1, true)).codes).toEqual(['BUSY_DISK'])
    const again = [...five, failedWith('BUSY_DISK', 0, 1, true), retried(0, 2)] as const
    expect(courseOf(...again, ended('succeeded', 0, { n: 2 })).codes).toEqual([])
    expect(courseOf(...again, failedWith('DISK_FULL', 0, 2)).codes).toEqual(['DISK_FULL'])
    expect(courseOf(...again, deferred(0, later(60), 2)).codes).toEqual([])
  })
  it('has nobody that was skipped, busy or well', () => {
    expect(courseOf(...five, failedWith('X', 0, 1, true), skipped(0, 'retrying')).codes).toEqual([])
    expect(courseOf(...five, ended('skipped', 0), deferred(1), ended('succeeded', 2)).codes).toEqual([])
  })
  it('has how many took themselves back and did not come to another end since', () => {
    const back = (member: number) => ended('rolled_back', member)
    expect(courseOf(...five, back(0), back(1), ended('failed', 2)).rolledBack).toBe(2)
    const waiting: UpgradeEvent = {
      type: 'OutcomesRecorded',
      data: {
        outcomes: [{ member: 0, n: 1, outcome: 'rolled_back', code: null, again: 'retry', commit: 1 }],
        due: [{ chunk: 0, kind: 'retry', at: later(60) }],
      },
    }
    expect(courseOf(...five, waiting).rolledBack).toBe(1)
    expect(courseOf(...five, waiting, retried(0, 2), ended('succeeded', 0, { n: 2 })).rolledBack).toBe(0)
    expect(courseOf(...five, waiting, skipped(0, 'retrying')).rolledBack).toBe(0)
  })
  it('has why the upgrade could not be planned', () => {
    const failed: UpgradeEvent = {
      type: 'PlanningFailed',
      data: { code: 'nothing-to-upgrade', detail: 'Nobody.' },
    }
    expect(courseOf(requested(), failed).codes).toEqual(['nothing-to-upgrade'])
  })
})
