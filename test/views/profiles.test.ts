import { beforeAll, describe, expect, test } from 'vitest'
import type { Aggregate, Decision, DomainEvent } from '../../functions/domain/aggregate.ts'
import { defineCalendar, policyAggregate } from '../../functions/domain/policy/policy.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { startExecution, summariseUpgrade } from '../../functions/domain/profile/execution.ts'
import { createProfile, deleteProfile, updateProfile } from '../../functions/domain/profile/lifecycle.ts'
import { openWindow } from '../../functions/domain/profile/opening.ts'
import { statisticsOf } from '../../functions/domain/profile/statistics.ts'
import { nextOpenings } from '../../functions/domain/profile/windows.ts'
import type { Rejection } from '../../functions/domain/rejection.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { joinProfile, leaveProfile } from '../../functions/domain/target/membership.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import type { StoredRow } from '../../functions/views/store.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { clear, definition, summaryOf } from '../domain/profile/world.ts'
import { facts } from '../domain/target/stories.ts'
import { deliver, noTroubles, projectorOver, scrambled, troubled } from './adversary.ts'
import { plainFold, sorted } from './plain-fold.ts'
import { type Random, randomFrom } from './random.ts'

const histories = 20
const runsEach = 10
const profiles = ['weekly', 'monthly']
const override = { maintenance_window_hours: null, rollback_on_failure: null }

/** Profiles that live: windows open, upgrades end, targets come and go, and one may be deleted. */
async function livesOf(seed: number) {
  const random: Random = randomFrom(seed)
  let now = Date.parse('2026-03-01T12:00:00.000Z')
  let ids = 0
  const log = memoryLog({
    now: () => now,
    newId: () => `id-${ids++}`,
    random: () => 0.5,
    pause: async () => {},
  })
  async function tell<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
  ): Promise<void> {
    await log.execute(aggregate, id, decide, { actor: 'alice', correlation: 'c' })
  }
  const by = 'alice'
  for (const id of profiles) await tell(profileAggregate, id, createProfile({ definition, by }))
  const components = { publisher: '4.1.0' }
  await tell(targetAggregate, 'p1', registerTarget({ facts, components, enrolment: null }))
  for (let round = 0; round < 30; round++) {
    const [opening = ''] = nextOpenings(definition.schedule, new Date(now).toISOString(), 1)
    now = Date.parse(opening)
    const id = random.pick(profiles)
    const { state } = await log.load(profileAggregate, id)
    const upgrade = `u${round}`
    const running = state.running?.upgrade ?? 'none'
    const failures = random.chance(0.3) ? [{ code: 'CRITICAL_DISK', count: 2 }] : []
    const assignment = { profile: id, type: facts.type, priority: 1 + random.below(10), override }
    const kind = random.pick(['dates', 'none'])
    const acts = [
      () => tell(profileAggregate, id, updateProfile({ updates: { description: `round ${round}` }, by })),
      () => tell(profileAggregate, id, updateProfile({ updates: { status: 'active' }, by })),
      () => tell(profileAggregate, id, openWindow({ scheduledAt: opening, upgrade, facts: clear })),
      () => tell(profileAggregate, id, startExecution({ upgrade, justification: 'now', by })),
      () => tell(profileAggregate, id, summariseUpgrade(summaryOf(running, { failures }))),
      () => tell(targetAggregate, 'p1', joinProfile(assignment)),
      () => tell(targetAggregate, 'p1', leaveProfile({ profile: id })),
      () =>
        tell(
          policyAggregate,
          `calendar:${kind}`,
          defineCalendar({ kind: 'dates', timezone: 'UTC', dates: [{ date: '12-25', name: `${round}` }] }),
        ),
    ]
    await random.pick(acts)()
  }
  if (random.chance(0.5)) await tell(profileAggregate, 'monthly', deleteProfile({ force: true, by }))
  return log
}

describe('the views of profiles, calendars and assignments', () => {
  const told: { log: Awaited<ReturnType<typeof livesOf>>; expected: readonly StoredRow[] }[] = []
  beforeAll(async () => {
    for (let seed = 0; seed < histories; seed++) {
      const log = await livesOf(seed)
      told.push({ log, expected: await plainFold(log) })
    }
  })

  test('the histories hold every kind of event that feeds a row', () => {
    const types = new Set(
      told.flatMap(({ log }) =>
        log.records.flatMap(({ dynamodb }) =>
          (dynamodb?.NewImage?.events?.L ?? []).map(({ M }) => M?.type?.S ?? ''),
        ),
      ),
    )
    for (const type of [
      ...['WindowOpened', 'ExecutionStarted', 'UpgradeSummarised', 'ProfileDeactivated', 'ProfileDeleted'],
      ...['ProfileJoined', 'ProfileLeft', 'CalendarDefined'],
    ]) {
      expect(types).toContain(type)
    }
  })

  test(`${histories * runsEach} runs of duplicates, reordering, gaps and deaths: 0 rows wrong`, async () => {
    const troubles = noTroubles()
    for (let run = 0; run < histories * runsEach; run++) {
      const { log, expected } = told[run % histories] ?? expect.fail('no history')
      const random = randomFrom(run)
      const store = memoryViewStore()
      const parked = memoryParked(() => 0)
      const projector = projectorOver(troubled(store, random, troubles), log, parked)
      await deliver(scrambled(log.records, random), projector, random, troubles)
      expect(await parked.list()).toEqual([])
      expect(sorted(store.all()), `run ${run}`).toEqual(expected)
    }
    expect(troubles.crashes).toBeGreaterThan(100)
  })

  test('what was never delivered is healed by reconcile', async () => {
    for (const { log, expected } of told) {
      const store = memoryViewStore()
      const report = await reconcile({ store, log, parked: memoryParked(() => 0) })
      expect(report).toMatchObject({ drift: 0, parked: 0 })
      expect(sorted(store.all())).toEqual(expected)
    }
  })

  test('the figures of a row are those of the fold, and of a recomputation over its executions', async () => {
    let executions = 0
    for (const { log } of told) {
      const store = memoryViewStore()
      await deliver(log.records, projectorOver(store, log), randomFrom(1), noTroubles())
      const views = viewsOver(store)
      for (const id of profiles) {
        const { state } = await log.load(profileAggregate, id)
        const row = (await views.getProfile(id))?.row ?? expect.fail('no row')
        const { failures: _, ...totals } = state.totals
        expect(row).toMatchObject({ totals, status: state.status, lastExecutionAt: state.lastExecutionAt })
        const rows = await Array.fromAsync(views.executionsOf(id))
        const ended = rows.flatMap(({ summary }) => (summary ? [summary] : []))
        const sum = (numbers: number[]) => numbers.reduce((left, right) => left + right, 0)
        const { successRate, averageMinutes } = statisticsOf(state)
        const succeeded = sum(ended.map(({ counts }) => counts.succeeded))
        const attempted = succeeded + sum(ended.map(({ counts }) => counts.failed + counts.unreachable))
        const minutes = sum(
          ended.map((one) => (Date.parse(one.endedAt) - Date.parse(one.startedAt)) / 60_000),
        )
        expect(successRate).toBe(attempted === 0 ? null : (succeeded * 100) / attempted)
        expect(averageMinutes).toBe(ended.length === 0 ? null : minutes / ended.length)
        executions += ended.length
      }
    }
    expect(executions).toBeGreaterThan(10)
  })
})
