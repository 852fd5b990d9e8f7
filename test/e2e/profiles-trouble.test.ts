import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examples } from '../api/profile-examples.ts'
import type { Client } from './client.ts'
import { MovedMachine } from './moved-machine.ts'
import { type Execution, outside, Profile, release, targets, type Upgraded, versionOf } from './profiles.ts'
import { SimulatedFleet } from './simulated-fleet.ts'
import type { Status } from './upgrades.ts'

let machine: MovedMachine
let operator: Client

// 2040-06-01 is a Friday; the Sundays are written out by hand.
beforeAll(async () => {
  machine = await MovedMachine.start('2040-06-01T12:10:00Z')
  operator = machine.person('operator-1', 'operator')
  await release(operator, '4.1.3-security', 'publisher')
})

afterAll(() => machine.stop())

/** A profile that opens on Sundays at two for resources of its own, which are told apart by their region. */
function sundays(region: string, schedule: object = {}, settings: object = {}) {
  return {
    name: `Sundays-${region}`,
    schedule: { ...examples.weekly.schedule, timezone: 'UTC', ...schedule },
    upgrade_settings: { ...examples.weekly.upgrade_settings, ...settings },
    resource_filters: { resource_types: ['publisher'], regions: [region] },
  }
}

/** Registers a fleet on the Saturday before its first Sunday. */
async function fleetIn(region: string, size: number, saturday: string): Promise<SimulatedFleet> {
  await machine.moveTo(`${saturday}T00:00:00.000Z`)
  const members = targets('publisher', size, { name: region, region })
  const fleet = await SimulatedFleet.of(machine, operator, `gateway-${region}`, members)
  await machine.pass(1)
  return fleet
}

async function onlyExecution(profile: Profile): Promise<Execution> {
  const [execution, ...others] = (await profile.history()).executions
  if (!execution || others.length > 0) throw new Error(`There are ${others.length} others.`)
  return execution
}

const minutesBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 60_000

/** Returns how many attempts overlapped at most, of those that began after an instant. */
function mostAtOnce(upgraded: readonly Upgraded[], after: string): number {
  const later = upgraded.filter(({ started_at }) => started_at > after)
  const atStartOf = (one: Upgraded) =>
    later.filter(({ started_at, completed_at }) => {
      return started_at <= one.started_at && (completed_at ?? '~') > one.started_at
    }).length
  return Math.max(...later.map(atStartOf))
}

describe('P12 an emergency patch', () => {
  it('goes to every resource at once, critical ones too, ten at a time, and is switched off afterwards', async () => {
    const fleet = await SimulatedFleet.of(machine, operator, 'gateway-emergency', [
      ...targets('publisher', 10, { name: 'patched' }),
      ...targets('publisher', 2, { name: 'critical', critical: true }),
    ])
    await machine.pass(1)
    const profile = await Profile.create(operator, examples.emergency)
    expect(profile.created).toMatchObject({
      next_execution: '2040-06-01T12:30:00.000Z',
      affected_resources: 12,
    })
    const asked = machine.now
    const execution_id = await profile.execute('CVE-2040-1 is being exploited')
    await machine.moveTo(asked)
    await fleet.workUntil(() => profile.hasRun(1))

    const upgraded = await profile.upgraded({ execution_id })
    expect(upgraded.map(({ to_version, status }) => `${to_version} ${status}`)).toEqual(
      Array.from({ length: 12 }, () => '4.1.3-security completed'),
    )
    // Not at half past twelve, when its first window would have opened.
    expect(upgraded[0] && Date.parse(upgraded[0].started_at) - asked).toBeLessThan(60_000)
    expect(outside(upgraded, '2040-06-01T12:11:00.000Z', 0.3)).toEqual([])
    expect(await onlyExecution(profile)).toMatchObject({
      ...{ execution_id, status: 'completed', resources_successful: 12, resources_failed: 0 },
      metrics: { peak_concurrent_upgrades: 10 },
    })
    // What the script of the seed waits for, before it switches the profile off.
    const { recent_executions } = await profile.detail()
    expect(recent_executions[0]).toMatchObject({ status: 'completed', resources_successful: 12 })
    await profile.update({ status: 'inactive' })
    expect((await profile.detail()).statistics.next_execution_date).toBeNull()
  })
})

describe('P13 failure recovery', () => {
  it('tries again what may be tried again, in the same run, and leaves the profile as it is', async () => {
    const fleet = await fleetIn('flaky', 10, '2040-06-02')
    const definition = sundays('flaky', { retry_attempts: 3 }, { parallel_upgrades: 5 })
    const profile = await Profile.create(operator, definition)
    const failed: string[] = []
    fleet.fails = ({ target }) => {
      // Whichever is done first fails, and fails once more.
      if (failed.length === 2 || (failed[0] ?? target) !== target) return undefined
      failed.push(target)
      return { code: 'DISK_BUSY', retryable: true }
    }
    await fleet.awaitOpening('2040-06-03T02:00:00.000Z')
    await fleet.workUntil(() => profile.hasRun(1))

    const execution = await onlyExecution(profile)
    expect(execution).toMatchObject({ status: 'completed', resources_successful: 10, resources_failed: 0 })
    const upgraded = await profile.upgraded(execution)
    expect(outside(upgraded, '2040-06-03T02:00:00.000Z', 4)).toEqual([])
    const flaky = upgraded.filter(({ customer_id }) => customer_id === failed[0])
    expect(flaky.map(({ status }) => status)).toEqual(['failed', 'failed', 'completed'])
    expect(upgraded).toHaveLength(9 + flaky.length)
    // A quarter of an hour, then twice that; the clock is moved by five minutes at a time.
    const [first = '', second = ''] = flaky.map(({ completed_at }) => completed_at ?? '')
    const waits = flaky.slice(1).map(({ started_at }, place) => {
      return minutesBetween([first, second][place] ?? '', started_at)
    })
    for (const [place, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(15 * 2 ** place)
      expect(wait).toBeLessThan(15 * 2 ** place + 6)
    }
    // Five at once, then three, then one.
    expect(mostAtOnce(upgraded, '')).toBe(5)
    expect(mostAtOnce(upgraded, first)).toBeLessThanOrEqual(3)
    expect(mostAtOnce(upgraded, second)).toBe(1)
    const { schedule, upgrade_settings } = definition
    expect(await profile.detail()).toMatchObject({ status: 'active', schedule, upgrade_settings })
  })

  it('takes the profile out of service at a critical failure, and back what was upgraded', async () => {
    const fleet = await fleetIn('broken', 4, '2040-06-09')
    const profile = await Profile.create(operator, sundays('broken', {}, { parallel_upgrades: 1 }))
    let taken = 0
    fleet.fails = ({ kind }) => {
      taken += kind === 'deploy' ? 1 : 0
      return kind === 'deploy' && taken === 2 ? { code: 'CRITICAL_DISK' } : undefined
    }
    await fleet.awaitOpening('2040-06-10T02:00:00.000Z')
    await fleet.workUntil(() => profile.hasRun(1))

    expect(await onlyExecution(profile)).toMatchObject({
      ...{ status: 'failed', resources_targeted: 4, resources_failed: 1, metrics: { rollback_count: 2 } },
      failure_reasons: [{ error_code: 'CRITICAL_DISK', affected_resources: 1 }],
    })
    const { status, statistics, schedule } = await profile.detail()
    expect([status, statistics.next_execution_date, schedule.next_runs]).toEqual(['error', null, []])
    for (const number of [1, 2, 3, 4]) expect(await versionOf(operator, `broken-${number}`)).toBe('4.1.0')
    await machine.moveTo('2040-06-17T02:00:00.000Z')
    expect([await fleet.poll(), (await profile.history()).executions.length]).toEqual([[], 1])
    // What was taken back is held back from every profile, until somebody frees it.
    const free = '/api/v1/releases/publisher/4.1.3-security/free'
    const freed = await operator.send('POST', free, { body: { reason: 'it was the disk' } })
    expect(freed.status).toBe(200)
  })
})

describe('P8 a window', () => {
  it('on a holiday is skipped, and the next one runs', async () => {
    const fleet = await fleetIn('closed', 2, '2040-06-23')
    const body = { kind: 'dates', timezone: 'UTC', dates: [{ date: '2040-06-24', name: 'Inventory' }] }
    expect((await operator.send('PUT', '/api/v1/calendars/inventory', { body })).status).toBe(201)
    const profile = await Profile.create(operator, sundays('closed', { calendars: ['inventory'] }))
    // The Sunday after next.
    expect(profile.created).toMatchObject({ next_execution: '2040-07-01T02:00:00.000Z' })
    await fleet.awaitOpening('2040-06-24T02:00:00.000Z')
    expect([await fleet.poll(), (await profile.history()).executions]).toEqual([[], []])
    expect((await profile.detail()).recent_windows).toEqual([
      {
        ...{ scheduled_at: '2040-06-24T02:00:00.000Z', result: 'holiday', execution_id: null },
        detail: 'Inventory (inventory)',
      },
    ])

    await fleet.awaitOpening('2040-07-01T02:00:00.000Z')
    await fleet.workUntil(() => profile.hasRun(1))
    const execution = await onlyExecution(profile)
    expect(execution).toMatchObject({ status: 'completed', resources_successful: 2 })
    expect(outside(await profile.upgraded(execution), '2040-07-01T02:00:00.000Z', 4)).toEqual([])
  })

  it('that is too short carries the rest over to the next', async () => {
    const fleet = await fleetIn('slow', 3, '2040-07-07')
    fleet.minutes = 25
    const short = { maintenance_window_hours: 1 }
    const profile = await Profile.create(operator, sundays('slow', short, { parallel_upgrades: 1 }))
    const first = '2040-07-08T02:00:00.000Z'
    const second = '2040-07-15T02:00:00.000Z'
    await fleet.awaitOpening(first)
    await fleet.workUntil(async () => machine.now >= Date.parse('2040-07-08T03:10:00Z'), 5)
    const { execution_id, status } = await onlyExecution(profile)
    expect(status).toBe('running')
    expect(await operator.read<Status>(`/api/upgrades/${execution_id}/status`)).toMatchObject({
      ...{ total: 3, completed: 2, inProgress: 0, holds: [{ code: 'WINDOW_CLOSED' }] },
    })

    await fleet.awaitOpening(second)
    await fleet.workUntil(() => profile.hasRun(1), 5)
    const execution = await onlyExecution(profile)
    expect(execution).toMatchObject({ execution_id, status: 'completed', resources_successful: 3 })
    const upgraded: readonly Upgraded[] = await profile.upgraded(execution)
    expect(outside(upgraded.slice(0, 2), first, 1)).toEqual([])
    expect(outside(upgraded.slice(2), second, 1)).toEqual([])
    expect((await profile.detail()).recent_windows).toMatchObject([
      { scheduled_at: second, result: 'resumed', execution_id },
      { scheduled_at: first, result: 'opened', execution_id },
    ])
  })
})

it('leaves a log in which the audit finds nothing', async () => {
  expect(await machine.audit()).toContain('nothing found')
})
