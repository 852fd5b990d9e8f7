import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examples } from '../api/profile-examples.ts'
import type { Client } from './client.ts'
import { MovedMachine } from './moved-machine.ts'
import { outside, Profile, release, targets, versionOf } from './profiles.ts'
import { SimulatedFleet } from './simulated-fleet.ts'

let machine: MovedMachine
let operator: Client

beforeAll(async () => {
  machine = await MovedMachine.start('2040-03-01T12:00:00Z')
  operator = machine.person('operator-1', 'operator')
})

afterAll(() => machine.stop())

// The instants below were worked out by hand, with a calendar and the rules of each zone; 2040-03-04 is a Sunday.
describe('P8 weekly: Sundays at two in New York', () => {
  let weekly: Profile
  let fleet: SimulatedFleet
  const members = ['us-broker-1', 'us-broker-2', ...[1, 2, 3, 4].map((number) => `us-publisher-${number}`)]

  it('is created as the seed writes it, and says when it runs across the change of the clocks', async () => {
    await release(operator, '5.0.0', 'publisher', 'local_broker')
    fleet = await SimulatedFleet.of(machine, operator, 'gateway-weekly', [
      ...targets('publisher', 4, { name: 'us-publisher', region: 'us-east-1' }),
      ...targets('local_broker', 2, { name: 'us-broker', region: 'us-west-2' }),
      ...targets('publisher', 1, { name: 'us-critical', region: 'us-east-1', critical: true }),
      ...targets('publisher', 1, { name: 'elsewhere', region: 'eu-west-1' }),
    ])
    await machine.pass(1)
    weekly = await Profile.create(operator, examples.weekly)
    expect(weekly.created).toMatchObject({
      status: 'active',
      affected_resources: 6,
      next_execution: '2040-03-04T07:00:00.000Z',
      validation_results: {
        cron_next_runs: [
          '2040-03-04T07:00:00.000Z',
          // There is no two o'clock on this day: the window opens at three, summer time.
          '2040-03-11T07:00:00.000Z',
          '2040-03-18T06:00:00.000Z',
          '2040-03-25T06:00:00.000Z',
          '2040-04-01T06:00:00.000Z',
        ],
      },
    })
  })

  it.each([
    ['5.0.0', 'winter time', '2040-03-04T07:00:00.000Z', '2040-03-11T07:00:00.000Z'],
    ['5.1.0', 'the night that has no two', '2040-03-11T07:00:00.000Z', '2040-03-18T06:00:00.000Z'],
    ['5.2.0', 'summer time', '2040-03-18T06:00:00.000Z', '2040-03-25T06:00:00.000Z'],
  ])('upgrades to %s, in %s, at %s and not before', async (version, _, opening, following) => {
    await release(operator, version, 'publisher', 'local_broker')
    const before = (await weekly.history()).executions.length
    await fleet.awaitOpening(opening)
    await fleet.workUntil(() => weekly.hasRun(before + 2))

    // One component after the other, three at a time.
    const executions = await weekly.executionsOf(opening)
    expect(executions).toMatchObject([
      { status: 'completed', target_version: version, resources_successful: 4, resources_failed: 0 },
      { status: 'completed', target_version: version, resources_successful: 2, resources_failed: 0 },
    ])
    expect(executions.map(({ metrics }) => metrics.peak_concurrent_upgrades)).toEqual([3, 2])
    const upgraded = (await Promise.all(executions.map((one) => weekly.upgraded(one)))).flat()
    expect(upgraded.map(({ customer_id }) => customer_id).sort()).toEqual(members)
    expect(outside(upgraded, opening, 4)).toEqual([])
    const { statistics } = await weekly.detail()
    expect(statistics).toMatchObject({ next_execution_date: following, failed_executions: 0 })
  })

  it('P3 P7 has its figures, and left alone who is critical or elsewhere', async () => {
    const { statistics, schedule, current_resources } = await weekly.detail()
    expect(schedule.human_readable).toBe('At 2:00 AM, only on Sunday (America/New_York)')
    expect(statistics).toMatchObject({ total_executions: 6, successful_executions: 6 })
    expect(statistics).toMatchObject({ total_resources_upgraded: 18 })
    expect(current_resources.map(({ id, current_version }) => [id, current_version]).sort()).toEqual(
      members.map((id) => [id, '5.2.0']),
    )
    expect((await weekly.history()).summary).toMatchObject({ total_executions: 6, success_rate: 100 })
    for (const id of ['us-critical-1', 'elsewhere-1']) expect(await versionOf(operator, id)).toBe('4.1.0')
  })

  it('P4 opens no more once it is inactive', async () => {
    await weekly.update({ status: 'inactive' })
    await release(operator, '5.3.0', 'publisher', 'local_broker')
    expect((await weekly.detail()).statistics.next_execution_date).toBeNull()
  })
})

describe('P11 three regions: Sunday at two, wherever that is', () => {
  // Between one Sunday and the next London goes from winter to summer time.
  const regions = [
    { name: 'APAC', timezone: 'Asia/Singapore', opening: '2040-03-24T18:00:00.000Z' },
    { name: 'EMEA', timezone: 'Europe/London', opening: '2040-03-25T01:00:00.000Z' },
    { name: 'Americas', timezone: 'America/New_York', opening: '2040-03-25T06:00:00.000Z' },
  ]
  const profiles = new Map<string, Profile>()
  let fleet: SimulatedFleet

  it('has a profile each, with the resources of the region assigned', async () => {
    const region = (name: string) => ({ name: name.toLowerCase(), region: name.toLowerCase() })
    fleet = await SimulatedFleet.of(
      machine,
      operator,
      'gateway-regions',
      regions.flatMap(({ name }) => targets('publisher', 3, region(name))),
    )
    await machine.pass(1)
    for (const { name, timezone, opening } of regions) {
      const profile = await Profile.create(operator, {
        ...examples.region,
        name: `${name}-Weekly-Maintenance`,
        schedule: { ...examples.region.schedule, timezone },
        resource_filters: { ...examples.region.resource_filters, regions: [name.toLowerCase()] },
      })
      await profile.assign(
        [1, 2, 3].map((number) => `${name.toLowerCase()}-${number}`),
        'publisher',
      )
      expect(profile.created).toMatchObject({ next_execution: opening })
      profiles.set(name, profile)
    }
  })

  it.each(regions)('upgrades $name at $opening, and no other region with it', async ({ name, opening }) => {
    await fleet.awaitOpening(opening)
    const offered = await fleet.poll()
    expect(offered.map(({ target }) => target).sort()).toEqual(
      [1, 2, 3].map((number) => `${name.toLowerCase()}-${number}`),
    )
    const profile = profiles.get(name)
    if (!profile) throw new Error(`There is no profile of ${name}.`)
    await fleet.workUntil(() => profile.hasRun(1))
    const [execution] = await profile.executionsOf(opening)
    expect(execution).toMatchObject({ status: 'completed', target_version: '5.3.0', resources_successful: 3 })
    if (execution) expect(outside(await profile.upgraded(execution), opening, 4)).toEqual([])
  })
})

it('leaves a log in which the audit finds nothing', async () => {
  expect(await machine.audit()).toContain('nothing found')
})
