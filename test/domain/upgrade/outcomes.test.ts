import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { moveDeadline, recordOutcomes } from '../../../functions/domain/upgrade/outcomes.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  aborting,
  admitted,
  attemptsEnd,
  deferred,
  ended,
  everyFailureBorne,
  given,
  type History,
  paused,
  running,
  standingAfter,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm } from './world.ts'

describe('recording how attempts ended', () => {
  it('copies each end, with the commit of the target’s stream that tells it', () => {
    given(...running(2))
      .when(attemptsEnd('succeeded', 1, { commit: 7 }))
      .thenEvents({
        type: 'OutcomesRecorded',
        data: {
          outcomes: [{ member: 1, n: 1, outcome: 'succeeded', code: null, again: null, commit: 7 }],
          due: [],
        },
      })
    const { events } = given(...running(20)).when(attemptsEnd('failed', 1, { code: 'DISK_FULL' }))
    expect(events[0]).toMatchObject({ data: { outcomes: [{ code: 'DISK_FULL' }] } })
  })
  it('is done once, and of all that is reported only what is news', () => {
    given(...running(3))
      .when(attemptsEnd('succeeded', [0, 2]))
      .thenIdempotent()
    given(...running(3), ended('succeeded', 0))
      .when(attemptsEnd('succeeded', [0, 2]))
      .thenEvents(ended('succeeded', 1))
  })
  it('takes the first of two ends of one attempt in a report', () => {
    const report = { n: 1, code: null, retryable: false, commit: 1 }
    given(...running(3))
      .when(
        recordOutcomes(
          [
            { member: 0, outcome: 'succeeded', ...report },
            { member: 0, outcome: 'failed', ...report },
          ],
          calm,
        ),
      )
      .thenEvents(ended('succeeded', 0))
  })
  it('asks by which admission: the end of one that another has followed is no news', () => {
    const again = [...running(2), deferred(0), admitted(null, { readmitted: [[0, 1, 2]] })] as const
    given(...again)
      .when(attemptsEnd('succeeded', 0, { n: 1 }))
      .thenNothing()
    given(...again)
      .when(attemptsEnd('succeeded', 0, { n: 2 }))
      .thenEvents(ended('succeeded', 0, { n: 2 }))
    given(...again)
      .when(attemptsEnd('succeeded', 0, { n: 3 }))
      .thenNothing()
  })
  it.each<[string, History]>([
    ['a member that was never admitted', running(3, { parallel: 1 })],
    ['a wave that is over', [...running([2, 3]), ended('succeeded', [0, 2]), waveEnded()]],
    ['an upgrade whose first wave has not begun', upgradeOf(3)],
    ['an upgrade that nobody asked for', []],
  ])('says nothing of %s', (_, history) => {
    given(...history)
      .when(attemptsEnd('succeeded', 2))
      .thenNothing()
  })
  it('goes on while the upgrade is paused or aborted: what is in flight comes to its end', () => {
    given(...running(3), paused)
      .when(attemptsEnd('succeeded', 0))
      .thenEvents(ended('succeeded', 0))
    given(...running(3), aborting())
      .when(attemptsEnd('succeeded', 0))
      .thenEvents(ended('succeeded', 0))
  })
})

describe('a member whose target was busy', () => {
  it('is admitted again five minutes later', () => {
    given(...running(2))
      .when(attemptsEnd('deferred', 0), later(10))
      .thenEvents(deferred(0, later(310)))
    given(...running(2), deferred(0, later(310)))
      .when(tick(calm), later(309))
      .thenNothing()
    given(...running(2), deferred(0, later(310)))
      .when(tick(calm), later(310))
      .thenEvents(admitted(null, { readmitted: [[0, 1, 2]], acceptBy: later(910) }))
  })
  it('is no failure, however often it happens', () => {
    expect(standingAfter(...running(2), deferred(0)).counts).toMatchObject({
      deferred: 1,
      failed: 0,
      retrying: 0,
    })
    const often = [...running(2), deferred(0), admitted(null, { readmitted: [[0, 1, 2]] })] as const
    given(...often)
      .when(attemptsEnd('deferred', 0, { n: 2 }))
      .thenEvents(deferred(0, later(300), 2))
  })
  it('waits for the last of its chunk, so that one instant a chunk is kept', () => {
    given(...running(3), deferred(0, later(300)))
      .when(attemptsEnd('deferred', 1), later(60))
      .thenEvents(deferred(1, later(360)))
    given(...running(3), deferred(0, later(300)), deferred(1, later(360)))
      .when(tick(calm), later(300))
      .thenNothing()
    given(...running(3), deferred(0, later(300)), deferred(1, later(360)))
      .when(tick(calm), later(360))
      .thenEvents(admitted(null, { readmitted: [[0, 2, 2]], acceptBy: later(960) }))
    given(...running(3), deferred(0, later(300)))
      .when(attemptsEnd('withdrawn', 1), later(60))
      .thenEvents(ended('withdrawn', 1, { again: ['deferred', later(300)] }))
    given(...running(800), deferred(0, later(300)))
      .when(attemptsEnd('deferred', 400), later(60))
      .thenEvents(deferred(400, later(360)))
  })
})

describe('a member that was withdrawn before its target accepted', () => {
  it('is admitted again as soon as anybody may be', () => {
    given(...running(2))
      .when(attemptsEnd('withdrawn', 0))
      .thenEvents(
        ended('withdrawn', 0, { again: ['deferred', later(0)] }),
        admitted(null, { readmitted: [[0, 1, 2]] }),
      )
    given(...running(2), paused)
      .when(attemptsEnd('withdrawn', 0), later(60))
      .thenEvents(ended('withdrawn', 0, { again: ['deferred', later(60)] }))
  })
  it('is skipped when the upgrade is being aborted', () => {
    given(...running(2), aborting())
      .when(attemptsEnd('withdrawn', 0))
      .thenEvents(ended('withdrawn', 0))
    expect(standingAfter(...running(2), aborting(), ended('withdrawn', 0)).counts).toMatchObject({
      ...{ deferred: 0, skipped: 1 },
    })
  })
  it('stays out after its 500th admission, so that the upgrade ends', () => {
    const before = Array.from({ length: 498 }, (_, round) => [
      ended('withdrawn', 0, { n: round + 1, again: ['deferred', later(0)] }),
      admitted(null, { readmitted: [[0, 1, round + 2]] }),
    ])
    const history = [...running(1), ...before.flat()]
    expect(given(...history).when(attemptsEnd('withdrawn', 0, { n: 499 })).events[0]).toMatchObject({
      data: { outcomes: [{ again: 'deferred' }] },
    })
    const once = ended('withdrawn', 0, { n: 499, again: ['deferred', later(0)] })
    given(...history, once, admitted(null, { readmitted: [[0, 1, 500]] }))
      .when(attemptsEnd('withdrawn', 0, { n: 500 }))
      .thenEvents(ended('withdrawn', 0, { n: 500 }), waveEnded())
  })
})

describe('what a member counts as', () => {
  it.each([
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['timed_out', 'failed'],
    ['lost', 'failed'],
    ['rejected', 'failed'],
    ['rolled_back', 'failed'],
    ['rollback_failed', 'failed'],
    ['unreachable', 'unreachable'],
    ['cancelled', 'skipped'],
    ['skipped', 'skipped'],
    ['deferred', 'skipped'],
    ['withdrawn', 'skipped'],
  ] as const)('whose attempt ended for good as %s is %s', (outcome, as) => {
    const { counts } = standingAfter(...running(3), ended(outcome, 0))
    expect(counts).toMatchObject({ inFlight: 2, retrying: 0, deferred: 0, [as]: 1 })
    const { succeeded, failed, unreachable, skipped } = counts
    expect(succeeded + failed + unreachable + skipped).toBe(1)
  })
  it('that took itself back is told beside, as one of the failed', () => {
    expect(standingAfter(...running(3), ended('rolled_back', 0)).counts).toMatchObject({
      failed: 1,
      rolledBack: 1,
    })
    expect(standingAfter(...running(3), ended('failed', 0)).counts).toMatchObject({
      failed: 1,
      rolledBack: 0,
    })
  })
  it('is not counted twice: whoever is admitted again or taken out leaves where it was', () => {
    const busy = [...running(3, { failures: everyFailureBorne }), deferred(0)] as const
    expect(standingAfter(...busy).counts).toMatchObject({ inFlight: 2, deferred: 1 })
    const back = standingAfter(...busy, admitted(null, { readmitted: [[0, 1, 2]] }))
    expect(back.counts).toMatchObject({ inFlight: 3, deferred: 0 })
  })
})

describe('a deadline that a target moved by its answer', () => {
  const move = (chunk: number, until: string) => moveDeadline({ chunk, until })
  const moved = (chunk: number, until: string): UpgradeEvent => ({
    type: 'DeadlineMoved',
    data: { chunk, until },
  })

  it('is noted once for the chunk of the target', () => {
    given(...running(3))
      .when(move(0, later(3600)))
      .thenEvents(moved(0, later(3600)))
    given(...running(3))
      .when(move(0, later(3600)))
      .thenIdempotent()
    given(...running(3), moved(0, later(3600)))
      .when(move(0, later(7200)))
      .thenEvents(moved(0, later(7200)))
  })
  it('is when its members are asked about next', () => {
    const asked: UpgradeEvent = { type: 'DeadlinePassed', data: { members: [[0, 3]] } }
    const history = [...running(3), [asked, later(600)], [moved(0, later(3600)), later(601)]] as const
    given(...history)
      .when(tick(calm), later(3599))
      .thenNothing()
    given(...history)
      .when(tick(calm), later(3600))
      .thenEvents(asked)
  })
  it('is nothing to a chunk that is not open: it is through, or has not begun', () => {
    given(...running(3))
      .when(move(1, later(3600)))
      .thenNothing()
    given(...upgradeOf(3), waveStarted())
      .when(move(0, later(3600)))
      .thenNothing()
    given()
      .when(move(0, later(3600)))
      .thenNothing()
  })
})
