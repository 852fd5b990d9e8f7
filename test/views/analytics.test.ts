import { describe, expect, test } from 'vitest'
import { targetEvents } from '../../events/target.ts'
import { withTold } from '../../functions/domain/tally/groups.ts'
import { tallyOf } from '../../functions/domain/tally/tally.ts'
import { sumOfTimes } from '../../functions/domain/tally/times.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt } from '../../functions/domain/target/attempt.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import type { TargetDecision } from '../../functions/domain/target/state.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { hasEnded } from '../../functions/domain/upgrade/state.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { countAttempts, keepAttemptFigure } from '../../functions/views/attempt-totals.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { deployed, openWorld, report } from '../api/world.ts'
import { facts } from '../domain/target/stories.ts'
import { deliver, noTroubles, projectorOver } from './adversary.ts'
import { historyOf } from './history.ts'
import { randomFrom } from './random.ts'

const whenever = { from: '0000-00-00', to: '9999-12-31' }

/** How the attempts of an upgrade ended, counted from the streams of its targets and from nothing else. */
async function countedByHand({ log, targets }: Awaited<ReturnType<typeof historyOf>>) {
  const ends = []
  for (const target of targets) {
    for await (const { events } of log.commits(`target#${target}`)) {
      for (const { type, schema, data } of events) {
        const event = targetEvents.decode(type, schema, JSON.parse(data))
        if (event.type === 'AttemptEnded' && event.data.measured)
          ends.push({ ...event.data, measured: event.data.measured })
      }
    }
  }
  return tallyOf(ends)
}

describe('rows of analytics', () => {
  test('come to what the streams of the targets say, once an upgrade is over, however records were delivered', async () => {
    let over = 0
    for (let seed = 0; seed < 60; seed++) {
      const history = await historyOf(seed, { rounds: 30 })
      const { state } = await history.log.load(upgradeAggregate, history.upgrade)
      if (!hasEnded(state)) continue
      over++
      const store = memoryViewStore()
      const random = randomFrom(seed)
      const records = history.log.records
      const twice = [...random.shuffled([...records]), ...records]
      await deliver(twice, projectorOver(store, history.log), random, noTroubles())
      const expected = await countedByHand(history)
      const told = await Array.fromAsync(viewsOver(store).attemptsToldOn(whenever))
      const sum = (of: 'succeeded' | 'failed' | 'rolledBack') =>
        [told.flatMap(({ tally }) => tally.regions), expected.regions].map((regions) =>
          regions.reduce((total, one) => total + one[of], 0),
        )
      for (const of of ['succeeded', 'failed', 'rolledBack'] as const) {
        const [shown, counted] = sum(of)
        expect(shown, `${of} of seed ${seed}`).toBe(counted)
      }
      const work = (regions: typeof expected.regions) => sumOfTimes(regions.map((one) => one.work))
      expect(work(told.flatMap(({ tally }) => tally.regions))).toEqual(work(expected.regions))
    }
    expect(over).toBeGreaterThan(10)
  })

  test('are the same in a view that is made anew', async () => {
    const { log } = await historyOf(3, { rounds: 30 })
    const [live, rebuilt] = [memoryViewStore(), memoryViewStore()]
    await deliver(log.records, projectorOver(live, log), randomFrom(3), noTroubles())
    await reconcile({ store: rebuilt, log, parked: memoryParked(() => 0) })
    const rows = (store: typeof live) => store.all().filter(({ view }) => view.endsWith('/analytics'))
    expect(rows(live).length).toBeGreaterThan(0)
    expect(rows(rebuilt)).toEqual(rows(live))
  })

  test('are one for each wave of an upgrade, within one write unit, and cost no commit', async () => {
    const world = openWorld()
    await world.fleet(60)
    const body = {
      component: 'api',
      version: 'v1.2.0',
      strategy: 'canary',
      canaryPercent: 10,
      autoContinue: true,
    }
    const id = await deployed(world, body)
    for (let wave = 0; wave < 2; wave++) {
      await report(world)
      await world.advance(id)
    }
    const rows = world.viewStore.all().filter(({ view }) => view.endsWith('/analytics'))
    expect(rows.map(({ version }) => version)).toEqual([1, 1])
    for (const { body, row } of rows) expect(`${body}${row}`.length).toBeLessThan(1024)
    const alone = world.log.records.filter(({ dynamodb }) => {
      const types = (dynamodb?.NewImage?.events?.L ?? []).map((event) => event.M?.type?.S)
      return types.length === 1 && types[0] === 'AttemptsTallied'
    })
    expect(alone).toEqual([])
  })

  test('are kept as a figure up to some days ago, which is made anew each time', async () => {
    const { log } = await historyOf(7, { rounds: 30 })
    const store = memoryViewStore()
    await deliver(log.records, projectorOver(store, log), randomFrom(7), noTroubles())
    const told = await Array.fromAsync(viewsOver(store).attemptsToldOn(whenever))
    const all = withTold([], told)
    for (const days of [0, 1, 2, 3, 4, 50, 2]) {
      const now = new Date(Date.parse('2026-03-01T12:00:00.000Z') + days * 86_400_000).toISOString()
      await keepAttemptFigure(store, 'v1/analytics', now)
      expect(await countAttempts(store, 'v1/analytics')).toEqual(all)
    }
    expect(all).toHaveLength(1)
  })
})

test('the end of an attempt takes one write unit of the log, with all that may be said of a success', async () => {
  let now = Date.parse('2026-03-01T12:00:00.000Z')
  const log = memoryLog({ now: () => now })
  const long = { ...facts, region: 'ap-southeast-99' }
  const id = '4544f43a-6f93-4d76-afdf-fe5e6139f6dd'
  const units: number[] = []
  const tell = async (decide: TargetDecision) => {
    const before = log.consumed().written
    const actor = 'agent:customer-0001'
    await log.execute(targetAggregate, 'customer-0001', decide, {
      actor,
      correlation: id,
      causation: `request:agent:${id}`,
    })
    units.push(log.consumed().written - before)
    now += 3_599_999
  }
  const plan = {
    attempt: 'b2ba92b4-d830-5f14-a383-c99e0590c19e',
    ...{ upgrade: id, member: 123_456, n: 2, component: 'api', from: 'v1.1.0', to: 'v1.2.0' },
    ...{ digest: `sha256:${'a'.repeat(64)}`, seconds: 3600, acceptBy: '2026-03-02T12:00:00.000Z' },
    kind: 'deploy',
  } as const
  await tell(registerTarget({ facts: long, components: { api: 'v1.1.0' }, enrolment: null }))
  await tell(assignAttempt(plan))
  await tell(acceptAttempt({}))
  const { attempt } = plan
  const said = { status: 'completed', version: 'v1.2.0', code: null, retryable: false } as const
  await tell(finishAttempt({ attempt, ...said, output: 'x'.repeat(256) }))
  // The first also makes the entry of the Catalogue.
  expect(units).toEqual([2, 1, 1, 1])
})
