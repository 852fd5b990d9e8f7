import { describe, expect, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  attemptsEnd,
  deferred,
  ended,
  everyFailureBorne,
  given,
  type History,
  retrying,
  running,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm } from './world.ts'

/** Minutes in seconds. */
const minutes = (howMany: number) => howMany * 60
const trying = (attempts: number, delaySeconds = minutes(1)): Partial<UpgradeRequest> => ({
  failures: everyFailureBorne,
  retry: { attempts, delaySeconds },
})

/** The members before this one have failed so many tries, each at the start, and are in flight with the next; nobody else was admitted. */
const afterFailed = (tries: number, before = 1): UpgradeEvent[] => [
  waveStarted(),
  admitted([0, before]),
  ...Array.from({ length: tries }, (_, place) => [
    retrying([0, before], later(0), place + 1),
    admitted(null, { retried: [[0, before, place + 2]] }),
  ]).flat(),
]

/** Returns how long a member waits for its next try when the n-th fails at an instant, in seconds; null when there is none. */
function waitAfter(
  history: History,
  {
    member = 0,
    n = 1,
    code = null,
    at = later(0),
  }: { member?: number; n?: number; code?: string | null; at?: string },
): number | null {
  const [event] = given(...history).when(
    attemptsEnd('failed', member, { n, code, retryable: true }),
    at,
  ).events
  const [due] = event?.type === 'OutcomesRecorded' ? event.data.due : []
  return due ? (Date.parse(due.at) - Date.parse(at)) / 1000 : null
}

describe('a retry', () => {
  it('follows a failure that its target calls worth another try', () => {
    const { events } = given(...running(3, trying(1))).when(attemptsEnd('failed', 0, { retryable: true }))
    expect(events).toMatchObject([
      { data: { outcomes: [{ member: 0, n: 1, outcome: 'failed', again: 'retry' }] } },
    ])
    given(...running(3, trying(1)))
      .when(attemptsEnd('failed', 0))
      .thenEvents(ended('failed', 0))
  })
  it.each(['rejected', 'rolled_back'] as const)(
    'follows an end as %s that its target calls so',
    (outcome) => {
      const { events } = given(...running(3, trying(1))).when(attemptsEnd(outcome, 0, { retryable: true }))
      expect(events).toMatchObject([{ data: { outcomes: [{ member: 0, n: 1, outcome, again: 'retry' }] } }])
      given(...running(3, trying(1)))
        .when(attemptsEnd(outcome, 0))
        .thenEvents(ended(outcome, 0))
    },
  )
  it.each(['timed_out', 'lost', 'unreachable', 'cancelled', 'rollback_failed'] as const)(
    'follows no end as %s, whatever the target calls it',
    (outcome) => {
      given(...running(3, { ...trying(1), unreachable: { percent: 100, absolute: null } }))
        .when(attemptsEnd(outcome, 0, { retryable: true }))
        .thenEvents(ended(outcome, 0))
    },
  )
  it('never follows a critical failure', () => {
    expect(waitAfter(running(3, trying(1)), { code: 'CRITICAL_DATA_LOSS' })).toBeNull()
    expect(waitAfter(running(3, trying(1)), { code: 'NOT_CRITICAL_AT_ALL' })).not.toBeNull()
  })
  it('comes as often as the request says, and no more', () => {
    const run = (tries: number) => [...upgradeOf(1, trying(2)), ...afterFailed(tries)]
    expect(waitAfter(run(0), { n: 1 })).not.toBeNull()
    expect(waitAfter(run(1), { n: 2 })).not.toBeNull()
    given(...run(2))
      .when(attemptsEnd('failed', 0, { n: 3, retryable: true }))
      .thenEvents(ended('failed', 0, { n: 3 }), waveEnded())
    expect(waitAfter(running(1, trying(0)), {})).toBeNull()
  })
  it('is counted by failures: to be given back takes no try away', () => {
    const givenBack = [...running(1, trying(1)), deferred(0), admitted(null, { readmitted: [[0, 1, 2]] })]
    expect(waitAfter(givenBack, { n: 2 })).not.toBeNull()
  })
  it('holds its slot while it waits, so that no other target takes it', () => {
    const one = { ...trying(1), parallel: 1 }
    given(...running(2, one))
      .when(attemptsEnd('failed', 0, { retryable: true }))
      .thenTypes('OutcomesRecorded')
    given(...running(2, one), retrying(0, later(60)))
      .when(tick(calm), later(60))
      .thenEvents(admitted(null, { retried: [[0, 1, 2]], acceptBy: later(660) }))
    given(...running(2, one), retrying(0, later(60)), admitted(null, { retried: [[0, 1, 2]] }))
      .when(attemptsEnd('succeeded', 0, { n: 2 }))
      .thenEvents(ended('succeeded', 0, { n: 2 }), admitted(1))
  })
  it('waits at most for the delay, which doubles with each failure up to an hour', () => {
    for (const [tries, most] of [16, 32, 60, 60, 60].map(minutes).entries()) {
      const run = [...upgradeOf(100, trying(5, minutes(16))), ...afterFailed(tries, 100)]
      const waits = Array.from({ length: 100 }, (_, member) => waitAfter(run, { member, n: tries + 1 }) ?? 0)
      expect(Math.max(...waits)).toBeLessThan(most)
      expect(Math.max(...waits)).toBeGreaterThan(0.9 * most)
    }
  })
  it('waits for a part of the delay that is drawn from the plan, the member and the try: retries spread out', () => {
    const run = running(200, trying(1, 1000))
    const draw = () => Array.from({ length: 200 }, (_, member) => waitAfter(run, { member }) ?? Number.NaN)
    const waits = draw()
    expect(waits.every((wait) => wait >= 0 && wait < 1000)).toBe(true)
    for (const part of [0, 1, 2, 3]) {
      const within = waits.filter((wait) => Math.floor(wait / 250) === part)
      expect(within.length, `of 200 in quarter ${part}`).toBeGreaterThan(25)
    }
    expect(draw(), 'a replay draws the same').toEqual(waits)
  })
  it('is not waited for where the window has no time left for it', () => {
    const window = { start: later(0), end: later(minutes(30)) }
    const run = running(1, {
      ...trying(1),
      retry: { attempts: 1, delaySeconds: minutes(15), fewer: 1 },
      window,
    })
    expect(waitAfter(run, { at: later(minutes(10)) })).toBe(minutes(15))
    expect(waitAfter(run, { at: later(minutes(10) + 1) })).toBeNull()
  })
})

describe('P13: a run whose request says so becomes gentler with each failed try', () => {
  const gentle = (parallel: number, delay: number, attempts: number): Partial<UpgradeRequest> => ({
    ...{ parallel, failures: everyFailureBorne },
    retry: { attempts, delaySeconds: minutes(delay), fewer: 2 },
  })

  it.each([
    [5, 15, [5, 3, 1, 1, 1], [15, 30, 60, 60]],
    [10, 5, [10, 8, 6, 4, 2, 1], [5, 10, 20, 40, 60]],
    [3, 60, [3, 1, 1], [60, 60]],
    [1, 30, [1, 1], [30]],
  ])(
    'from %i at once and %i minutes: %j at once, after waits of %j minutes',
    (parallel, delay, atOnce, waits) => {
      const run = (tries: number) => [
        ...upgradeOf(1000, gentle(parallel, delay, waits.length)),
        ...afterFailed(tries),
      ]
      for (const [tries, most] of atOnce.entries()) {
        const beside = most > 1 ? [admitted([1, most])] : []
        given(...run(tries))
          .when(tick(calm))
          .thenEvents(...beside)
        const wait = waits[tries]
        expect(waitAfter(run(tries), { n: tries + 1 })).toBe(wait === undefined ? null : minutes(wait))
      }
    },
  )
  it('but never to a standstill: one is tried again, however many tries have failed', () => {
    given(...running(9, gentle(1, 15, 2)), retrying([0, 1], later(900)))
      .when(tick(calm), later(900))
      .thenEvents(admitted(null, { retried: [[0, 1, 2]], acceptBy: later(1500) }))
  })
  it('by the try and not by the target: five that fail the same try are one failed try of the run', () => {
    given(...running(9, gentle(5, 15, 2)), retrying([0, 5], later(900)))
      .when(tick(calm), later(900))
      .thenEvents(admitted(null, { retried: [[0, 3, 2]], acceptBy: later(1500) }))
  })
  it('by the most that any of them has failed', () => {
    const run = [
      ...upgradeOf(100, gentle(10, 15, 3)),
      ...afterFailed(2),
      admitted([1, 3]),
      retrying(1, later(900)),
    ]
    given(...run)
      .when(attemptsEnd('succeeded', 2))
      .thenEvents(ended('succeeded', 2), admitted([3, 7]))
  })
  it('stays so to its end, and takes nothing along into the next run', () => {
    const first = [
      ...upgradeOf([1, 100], gentle(5, 15, 2)),
      ...afterFailed(1),
      ended('succeeded', 0, { n: 2 }),
    ]
    const second = startWave({ wave: 1, generation: 1 }, calm)
    given(...first, waveEnded())
      .when(second)
      .thenEvents(waveStarted(1), admitted([1, 4], { wave: 1 }))
    given(...upgradeOf(100, gentle(5, 15, 2)))
      .when(startWave({ wave: 0, generation: 1 }, calm))
      .thenEvents(waveStarted(), admitted([0, 5]))
  })
  it('but not after failures that are not tried again', () => {
    given(...running(100, gentle(5, 15, 2)))
      .when(attemptsEnd('failed', 0))
      .thenEvents(ended('failed', 0), admitted(5))
  })
  it('and no run whose request does not', () => {
    given(...upgradeOf(100, { ...trying(3), parallel: 5 }), ...afterFailed(2))
      .when(tick(calm))
      .thenEvents(admitted([1, 5]))
  })
})
