import { describe, expect, it } from 'vitest'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
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
  retrying,
  running,
  upgradeOf,
  waveEnded,
} from './stories.ts'
import { calm, requestOf } from './world.ts'

const startFirst = startWave({ wave: 0, generation: 1 }, calm)
const withdrawn = { ...calm, releaseWithdrawn: 'corrupts data' }
const borne = (changes: Partial<UpgradeRequest>) => ({ failures: everyFailureBorne, ...changes })

describe('admitting', () => {
  it('takes as many at once as the request says, in the order of the plan', () => {
    given(...upgradeOf(5, { parallel: 2 }))
      .when(startFirst)
      .thenTypes('WaveStarted', 'TargetsAdmitted')
    expect(given(...upgradeOf(5, { parallel: 2 })).when(startFirst).events[1]).toEqual(admitted([0, 2]))
    expect(given(...upgradeOf(5, { parallel: 9 })).when(startFirst).events[1]).toEqual(admitted([0, 5]))
  })
  it('takes the next as soon as others have ended, in the same commit', () => {
    given(...running(5, { parallel: 2 }))
      .when(attemptsEnd('succeeded', 1))
      .thenEvents(ended('succeeded', 1), admitted(2))
    given(...running(5, { parallel: 2 }))
      .when(attemptsEnd('succeeded', [0, 2]))
      .thenEvents(ended('succeeded', [0, 2]), admitted([2, 4]))
  })
  it('takes nobody while all slots are taken', () => {
    given(...running(5, { parallel: 2 }))
      .when(tick(calm), later(60))
      .thenNothing()
  })
  it('takes due retries before who was busy, and who was busy before new ones', () => {
    const waiting = (parallel: number) =>
      [
        ...upgradeOf(6, borne({ parallel })),
        { type: 'WaveStarted', data: { wave: 0 } },
        admitted([0, 3]),
        retrying(0, later(60)),
        deferred(1, later(60)),
      ] as const
    const acceptBy = later(660)
    const retried: [number, number, number][] = [[0, 1, 2]]
    const readmitted: [number, number, number][] = [[1, 2, 2]]
    const at = (parallel: number) => given(...waiting(parallel)).when(tick(calm), later(60))
    at(2).thenEvents(admitted(null, { retried, acceptBy }))
    at(3).thenEvents(admitted(null, { retried, readmitted, acceptBy }))
    at(4).thenEvents(admitted(3, { retried, readmitted, acceptBy }))
  })
  it('takes nobody before their time has come', () => {
    const waiting = [...running(2, borne({})), retrying(0, later(60)), deferred(1, later(120))] as const
    given(...waiting)
      .when(tick(calm), later(59))
      .thenNothing()
    given(...waiting)
      .when(tick(calm), later(60))
      .thenEvents(admitted(null, { retried: [[0, 1, 2]], acceptBy: later(660) }))
    given(...waiting, admitted(null, { retried: [[0, 1, 2]], acceptBy: later(660) }))
      .when(tick(calm), later(120))
      .thenEvents(admitted(null, { readmitted: [[1, 2, 2]], acceptBy: later(720) }))
  })
  it('gives the slot of a busy one to the next', () => {
    given(...running(2, { parallel: 1 }))
      .when(attemptsEnd('deferred', 0))
      .thenEvents(deferred(0), admitted(1))
  })
  it('numbers the admissions of each member', () => {
    const again = [
      ...running(3, borne({})),
      retrying(0, later(60)),
      [admitted(null, { retried: [[0, 1, 2]] }), later(60)],
      retrying(0, later(120), 2),
      retrying([1, 3], later(120)),
    ] as const
    given(...again)
      .when(tick(calm), later(120))
      .thenEvents(
        admitted(null, {
          retried: [
            [0, 1, 3],
            [1, 3, 2],
          ],
          acceptBy: later(720),
        }),
      )
  })
  it('says until when each may be accepted, and what it was checked against', () => {
    const deadlines = { ...requestOf().deadlines, accept: 90 }
    const facts = { ...calm, policyVersion: 7, releaseVersion: 3 }
    const { events } = given(...upgradeOf(1, { deadlines })).when(
      startWave({ wave: 0, generation: 1 }, facts),
      later(10),
    )
    expect(events[1]).toEqual(admitted(0, { acceptBy: later(100), policyVersion: 7, releaseVersion: 3 }))
  })
  it.each<[string, History]>([
    ['the upgrade is paused', [...running(3, { parallel: 1 }), paused, ended('succeeded', 0)]],
    ['it is being aborted', [...running(3, { parallel: 2 }), aborting(), ended('succeeded', 0)]],
    ['its first wave has not begun', upgradeOf(3)],
    ['the next wave has not begun', [...running([1, 3]), ended('succeeded', 0), waveEnded()]],
  ])('takes nobody while %s', (_, history) => {
    given(...history)
      .when(tick(calm), later(60))
      .thenNothing()
  })
})

describe('a release that was withdrawn', () => {
  it('pauses the upgrade in the middle, with the reason, and admits nobody', () => {
    given(...running(2, { parallel: 1 }))
      .when(attemptsEnd('succeeded', 0, {}, withdrawn))
      .thenEvents(ended('succeeded', 0), {
        type: 'UpgradePaused',
        data: { by: 'drydock', reason: 'The release was withdrawn: corrupts data' },
      })
  })
  it('pauses it with the next tick where nothing else happens, once', () => {
    given(...running(2, { parallel: 1 }))
      .when(tick(withdrawn), later(60))
      .thenTypes('UpgradePaused')
    given(...running(2, { parallel: 1 }))
      .when(tick(withdrawn), later(60))
      .thenIdempotent()
  })
  it('pauses a wave that begins', () => {
    given(...upgradeOf(2))
      .when(startWave({ wave: 0, generation: 1 }, withdrawn))
      .thenTypes('WaveStarted', 'UpgradePaused')
  })
  it('may have been withdrawn for any reason that a person can write down', () => {
    const { events } = given(...upgradeOf(2)).when(
      startWave({ wave: 0, generation: 1 }, { ...calm, releaseWithdrawn: 'x'.repeat(512) }),
    )
    expect(events[1]).toMatchObject({ data: { reason: expect.stringMatching(/^The release .{500}$/) } })
  })
})
