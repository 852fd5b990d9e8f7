import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examples } from '../api/profile-examples.ts'
import type { Client } from './client.ts'
import { MovedMachine } from './moved-machine.ts'
import { outside, Profile, release, targets, versionOf } from './profiles.ts'
import { SimulatedFleet } from './simulated-fleet.ts'

let machine: MovedMachine
let operator: Client

// 2040-03-05 is a Monday.
beforeAll(async () => {
  machine = await MovedMachine.start('2040-03-01T12:00:00Z')
  operator = machine.person('operator-1', 'operator')
})

afterAll(() => machine.stop())

/** The types of the seed's own resources, in an environment that a test has for itself. */
const filters = (environment: string, ...resource_types: string[]) => {
  return { resource_filters: { resource_types, tags: [{ key: 'environment', value: environment }] } }
}

/** Returns what so many publishers of one name run. */
async function versionsOf(name: string, count: number): Promise<ReadonlySet<string | undefined>> {
  const ids = Array.from({ length: count }, (_, number) => `${name}-${number + 1}`)
  return new Set(await Promise.all(ids.map((id) => versionOf(operator, id))))
}

describe('P10 two profiles: canaries on Monday, the rest on Wednesday', () => {
  let canary: Profile
  let main: Profile
  let fleet: SimulatedFleet

  it('are created as the seed writes them, with depends_on in place of its script', async () => {
    await release(operator, '4.2.1', 'publisher')
    const production = { name: 'broadcast', tags: { environment: 'production' } }
    fleet = await SimulatedFleet.of(machine, operator, 'gateway-two', targets('publisher', 20, production))
    await machine.pass(1)
    canary = await Profile.create(operator, examples.canary)
    main = await Profile.create(operator, {
      ...examples.main,
      depends_on: { profile_id: canary.id, min_resources: 1 },
    })
    expect(canary.created).toMatchObject({ next_execution: '2040-03-05T01:00:00.000Z' })
    expect(main.created).toMatchObject({ next_execution: '2040-03-07T01:00:00.000Z' })
  })

  it('upgrade 5 % on Monday, and nobody before Wednesday besides', async () => {
    const opening = '2040-03-05T01:00:00.000Z'
    await fleet.awaitOpening(opening)
    await fleet.workUntil(() => canary.hasRun(1))
    const [execution] = await canary.executionsOf(opening)
    expect(execution).toMatchObject({ status: 'completed', resources_targeted: 1, resources_successful: 1 })
    if (execution) expect(outside(await canary.upgraded(execution), opening, 2)).toEqual([])
  })

  it('upgrade the other 95 % on Wednesday, five at a time', async () => {
    const opening = '2040-03-07T01:00:00.000Z'
    await fleet.awaitOpening(opening)
    await fleet.workUntil(() => main.hasRun(1))
    const [execution] = await main.executionsOf(opening)
    expect(execution).toMatchObject({
      ...{ status: 'completed', resources_targeted: 19, resources_successful: 19 },
      metrics: { peak_concurrent_upgrades: 5 },
    })
    if (execution) expect(outside(await main.upgraded(execution), opening, 4)).toEqual([])
    expect(await versionsOf('broadcast', 20)).toEqual(new Set(['4.2.1']))
  })

  it('when the canary fails it is taken back, and on Wednesday nothing follows', async () => {
    await release(operator, '4.2.2', 'publisher')
    for (const profile of [canary, main])
      await profile.update({ upgrade_settings: { target_version: '4.2.2' } })
    fleet.fails = ({ kind }) => (kind === 'deploy' ? { code: 'HEALTH_CHECK_FAILED' } : undefined)
    await fleet.awaitOpening('2040-03-12T01:00:00.000Z')
    await fleet.workUntil(() => canary.hasRun(2))
    expect((await canary.history()).summary.success_rate).toBe(50)
    await fleet.awaitOpening('2040-03-14T01:00:00.000Z')
    expect([await fleet.poll(), (await main.history()).executions.length]).toEqual([[], 1])
    expect((await main.detail()).recent_windows[0]).toMatchObject({ result: 'dependency' })
    expect(await versionsOf('broadcast', 20)).toEqual(new Set(['4.2.1']))
    for (const profile of [canary, main]) await profile.update({ status: 'inactive' })
  })
})

describe('P8 P10 monthly: the first of the month, a tenth of each type first', () => {
  let monthly: Profile
  let fleet: SimulatedFleet

  it('upgrades the canaries, then all others, one type after the other', async () => {
    await release(operator, '6.0.0', 'publisher', 'application')
    const members = { tags: { environment: 'monthly' } }
    fleet = await SimulatedFleet.of(machine, operator, 'gateway-monthly', [
      ...targets('publisher', 10, { ...members, name: 'monthly-publisher' }),
      ...targets('application', 2, { ...members, name: 'monthly-application' }),
    ])
    await machine.pass(1)
    monthly = await Profile.create(operator, {
      ...examples.monthly,
      ...filters('monthly', ...examples.monthly.resource_filters.resource_types),
    })
    const opening = '2040-04-01T01:00:00.000Z'
    expect(monthly.created).toMatchObject({ next_execution: opening, affected_resources: 12 })
    await fleet.awaitOpening(opening)
    const canaries = await fleet.poll()
    expect(canaries).toHaveLength(1)
    await fleet.workUntil(() => monthly.hasRun(2))

    const [publishers, applications] = await monthly.executionsOf(opening)
    expect(publishers).toMatchObject({ target_version: '6.0.0', resources_successful: 10 })
    expect(applications).toMatchObject({ target_version: '6.0.0', resources_successful: 2 })
    expect(publishers?.metrics.peak_concurrent_upgrades).toBe(5)
    const upgraded = publishers ? await monthly.upgraded(publishers) : []
    expect(outside(upgraded, opening, 6)).toEqual([])
    // Nobody begins before the canary is through.
    const [first, ...rest] = upgraded
    expect(first?.customer_id).toBe(canaries[0]?.target)
    expect(rest.filter(({ started_at }) => started_at < (first?.completed_at ?? '~'))).toEqual([])
  })

  it('exposes nobody but the canary to a release that fails', async () => {
    await release(operator, '6.1.0', 'publisher')
    fleet.fails = ({ kind }) => (kind === 'deploy' ? { code: 'HEALTH_CHECK_FAILED' } : undefined)
    const opening = '2040-05-01T01:00:00.000Z'
    await fleet.awaitOpening(opening)
    await fleet.workUntil(() => monthly.hasRun(3))
    const [execution] = await monthly.executionsOf(opening)
    expect(execution).toMatchObject({
      ...{ target_version: '6.1.0', resources_targeted: 10, resources_successful: 0, resources_failed: 1 },
      failure_reasons: [{ error_code: 'HEALTH_CHECK_FAILED', affected_resources: 1 }],
    })
    expect(await versionsOf('monthly-publisher', 10)).toEqual(new Set(['6.0.0']))
    await monthly.update({ status: 'inactive' })
  })
})

describe('P8 quarterly: four in the morning in Berlin, in summer and in winter', () => {
  it('runs when a quarter begins', async () => {
    const fleet = await SimulatedFleet.of(machine, operator, 'gateway-quarterly', [
      ...targets('local_broker', 2, { tags: { environment: 'quarterly' }, name: 'quarterly' }),
    ])
    await machine.pass(1)
    const quarterly = await Profile.create(operator, {
      ...examples.weekly,
      ...filters('quarterly', 'local_broker'),
      name: 'Quarterly',
      schedule: {
        ...examples.weekly.schedule,
        cron_expression: '0 4 1 1,4,7,10 *',
        timezone: 'Europe/Berlin',
      },
    })
    const [summer, autumn, winter] = [
      '2040-07-01T02:00:00.000Z',
      '2040-10-01T02:00:00.000Z',
      '2041-01-01T03:00:00.000Z',
    ] as const
    expect(quarterly.created).toMatchObject({
      next_execution: summer,
      validation_results: { cron_next_runs: expect.arrayContaining([summer, autumn, winter]) },
    })
    const runs = async (version: string, opening: string, times: number) => {
      await release(operator, version, 'local_broker')
      await fleet.awaitOpening(opening)
      await fleet.workUntil(() => quarterly.hasRun(times))
      const [execution] = await quarterly.executionsOf(opening)
      expect(execution).toMatchObject({ target_version: version, resources_successful: 2 })
      if (execution) expect(outside(await quarterly.upgraded(execution), opening, 4)).toEqual([])
    }
    await runs('7.0.0', summer, 1)
    // There is nothing to upgrade in autumn.
    await machine.moveTo(autumn)
    expect([await fleet.poll(), (await quarterly.history()).executions.length]).toEqual([[], 1])
    await runs('7.1.0', winter, 2)
  })
})

it('leaves a log in which the audit finds nothing', async () => {
  expect(await machine.audit()).toContain('nothing found')
})
