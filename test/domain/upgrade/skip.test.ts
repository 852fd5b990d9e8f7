import { describe, expect, it } from 'vitest'
import { skipMember } from '../../../functions/domain/upgrade/control.ts'
import { later } from '../given.ts'
import {
  aborting,
  admitted,
  attemptsEnd,
  completed,
  deferred,
  ended,
  everyFailureBorne,
  given,
  type History,
  requested,
  retrying,
  running,
  skipped,
  standingAfter,
  upgradeOf,
  waveEnded,
} from './stories.ts'
import { calm } from './world.ts'

const skip = (member: number) => skipMember({ member, by: 'alice' }, calm)
const skipAgain = (member: number) => skipMember({ member, by: 'alice', wasSkipped: true }, calm)
const bearing = { failures: everyFailureBorne, parallel: 1 }

describe('skipping a member', () => {
  it.each<[Parameters<typeof skipped>[1], History]>([
    ['pending', running(3, bearing)],
    ['retrying', [...running(3, bearing), ended('succeeded', 0), admitted(1), retrying(1, later(60))]],
    ['deferred', [...running(3, bearing), ended('succeeded', 0), admitted(1), deferred(1), admitted(2)]],
  ])('takes out one that is %s, and says that it was', (was, history) => {
    expect(given(...history).when(skip(1)).events[0]).toEqual(skipped(1, was))
    given(...history, skipped(1, was))
      .when(skipAgain(1))
      .thenNothing()
    expect(standingAfter(...history, skipped(1, was)).counts).toMatchObject({
      ...{ retrying: 0, deferred: 0, skipped: 1 },
    })
  })
  it('is possible before the upgrade begins, and for a wave that has not', () => {
    given(...upgradeOf(3))
      .when(skip(2))
      .thenEvents(skipped(2))
    given(...running([1, 3]))
      .when(skip(2))
      .thenEvents(skipped(2))
  })
  it('means that nobody admits it', () => {
    given(...running(3, { parallel: 1 }), skipped(1))
      .when(attemptsEnd('succeeded', 0))
      .thenEvents(ended('succeeded', 0), admitted(2))
    given(...running(2, { parallel: 1 }), skipped(1))
      .when(attemptsEnd('succeeded', 0))
      .thenEvents(ended('succeeded', 0), waveEnded())
  })
  it('gives the slot of one that waited for another try to the next', () => {
    given(...running(3, bearing), retrying(0, later(60)))
      .when(skip(0))
      .thenEvents(skipped(0, 'retrying'), admitted(1))
  })
  it('ends the wave when it was the last one', () => {
    given(...running(2), ended('succeeded', 0), deferred(1))
      .when(skip(1))
      .thenEvents(skipped(1, 'deferred'), waveEnded())
  })
  it('is nothing new for one that its target or the deadline of its wave has taken out', () => {
    given(...running(3, { parallel: 2 }), ended('skipped', 0))
      .when(skip(0))
      .thenNothing()
    given(...running(3, { parallel: 2 }), deferred(0), skipped(0, 'deferred'))
      .when(skip(0))
      .thenNothing()
  })
  it('is nothing new for one that is forgotten, when whoever asks has read in the log that it was taken out', () => {
    given(...running(3), ended('skipped', 0))
      .when(skipAgain(0))
      .thenNothing()
    given(...running(3), ended('skipped', 0))
      .when(skip(0))
      .thenRejected('attempt-over')
  })
  it('is refused where more are left out before their turn than the state has room for', () => {
    const ahead = (count: number) => Array.from({ length: count }, (_, place) => skipped(400 + place * 11))
    const begun = running(40_000, { parallel: 1 })
    given(...begun, ...ahead(1000))
      .when(skip(39_999))
      .thenEvents(skipped(39_999))
    given(...begun, ...ahead(1500))
      .when(skip(39_999))
      .thenRejected('too-many-skipped')
  })
  it('is refused while it is being upgraded', () => {
    given(...running(3))
      .when(skip(0))
      .thenRejected('update-in-progress')
  })
  it.each(['succeeded', 'failed', 'unreachable'] as const)(
    'is refused for one that has had its attempt, which %s',
    (outcome) => {
      given(...running(30), ended(outcome, 0))
        .when(skip(0))
        .thenRejected('attempt-over')
    },
  )
  it('is refused for one that was through long ago, of which the state keeps no row', () => {
    given(...running([400, 800]), ended('succeeded', [0, 400]), waveEnded())
      .when(skip(7))
      .thenRejected('attempt-over')
  })
  it('is nothing new for one that was taken out long ago, as the log says', () => {
    given(
      ...running([400, 800]),
      skipped(7),
      ended('succeeded', [0, 7]),
      ended('succeeded', [8, 400]),
      waveEnded(),
    )
      .when(skipMember({ member: 7, by: 'bob', wasSkipped: true }, calm))
      .thenNothing()
  })
  it('is refused for who is no member, and while nobody knows who is', () => {
    given(...running(3))
      .when(skip(3))
      .thenRejected('not-a-member')
    given(requested()).when(skip(0)).thenRejected('not-a-member')
  })
  it('is refused where the upgrade is over or was never asked for', () => {
    given(...running(3), completed)
      .when(skip(0))
      .thenRejected('upgrade-ended')
    given().when(skip(0)).thenRejected('upgrade-not-found')
  })
  it('is possible while the upgrade is being aborted, and admits nobody', () => {
    given(...running(3, { parallel: 1 }), aborting())
      .when(skip(1))
      .thenEvents(skipped(1))
  })
})
