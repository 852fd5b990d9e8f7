import { beforeEach, describe, expect, test } from 'vitest'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { judgeOpening, upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { digest, openWorld, report, type World } from '../api/world.ts'
import { nextSunday, sunday, weekly } from './profile-world.ts'

/** The world's clock starts on Monday 2026-01-05 at 10:00Z. */
const untilSunday = (Date.parse(sunday) - Date.parse('2026-01-05T10:00:00Z')) / 1000
const week = 7 * 86_400

let world: World
beforeEach(async () => {
  world = openWorld({ heard: true })
  await world.fleet(3)
})

async function created(definition: object = weekly): Promise<string> {
  const reply = await world.call('POST', '/api/v1/upgrade-profiles', { body: definition })
  expect(reply.status).toBe(201)
  await world.settle()
  return reply.body.id
}

const names = () => [...world.schedules.all.keys()].sort()
const scheduled = () => [...world.schedules.all.values()].map(({ at }) => at).sort()
const profile = async (id: string) => (await world.log.load(profileAggregate, id)).state
const upgrade = async (id: string) => await world.upgrade(id)

async function fire(id: string, scheduledAt: string): Promise<void> {
  await judgeOpening(world.services, { profileId: id, scheduledAt })
  await world.settle()
}

/** Drives an upgrade to its end, every agent doing its part. */
async function finish(id: string, status?: (target: string) => string): Promise<void> {
  for (let round = 0; round < 10 && (await world.advance(id)) !== 'ended'; round++)
    await report(world, status)
  await world.settle()
}

describe('schedules of windows', () => {
  test('a profile at rest has two, called after its openings, each no older than its window', async () => {
    const id = await created()
    expect(names()).toEqual(
      [sunday, nextSunday].map((opening) => `window-${id}-${Date.parse(opening) / 60_000}`),
    )
    expect([...world.schedules.all.values()][0]).toMatchObject({
      at: sunday,
      input: { profileId: id, scheduledAt: sunday },
      maximumAge: 4 * 3600,
    })
  })

  test('they follow a changed schedule', async () => {
    const id = await created()
    const body = { schedule: { cron_expression: '0 3 * * 0' } }
    expect((await world.call('PUT', `/api/v1/upgrade-profiles/${id}`, { body })).status).toBe(200)
    await world.settle()
    expect(scheduled()).toEqual(['2026-01-11T03:00:00.000Z', '2026-01-18T03:00:00.000Z'])
  })

  test('a profile that is inactive or deleted leaves none behind, and nobody else loses theirs', async () => {
    const other = await created()
    const id = await created()
    await world.call('PUT', `/api/v1/upgrade-profiles/${id}`, { body: { status: 'inactive' } })
    await world.settle()
    expect(names().every((name) => name.includes(other))).toBe(true)
    await world.call('PUT', `/api/v1/upgrade-profiles/${id}`, { body: { status: 'active' } })
    await world.settle()
    expect(names()).toHaveLength(4)
    await world.call('DELETE', `/api/v1/upgrade-profiles/${id}`)
    await world.settle()
    expect(names()).toHaveLength(2)
  })
})

describe('a window that opens', () => {
  test('upgrades the fleet once, however often it fires, and is summarised', async () => {
    const id = await created()
    world.pass(untilSunday)
    await fire(id, sunday)
    await fire(id, sunday)
    const started = upgradeOfWindow(id, sunday)
    expect((await profile(id)).running).toMatchObject({ upgrade: started, end: '2026-01-11T06:00:00.000Z' })
    expect((await upgrade(started)).request).toMatchObject({
      component: 'api',
      strategy: 'all',
      parallel: 5,
      window: { start: sunday, end: '2026-01-11T06:00:00.000Z' },
      retry: { attempts: 2, delaySeconds: 900 },
    })
    await finish(started)
    const { running, summaries, windows } = await profile(id)
    expect(running).toBeNull()
    expect(windows).toEqual([expect.objectContaining({ scheduledAt: sunday, result: 'opened' })])
    expect(summaries).toEqual([
      expect.objectContaining({
        upgrade: started,
        status: 'completed',
        version: 'v1.2.0',
        peak: 3,
        counts: expect.objectContaining({ targeted: 3, succeeded: 3, failed: 0 }),
        failures: [],
      }),
    ])
  })

  test('gives an attempt as long as the profile says, and none that would not end in it', async () => {
    const id = await created({
      ...weekly,
      upgrade_settings: { ...weekly.upgrade_settings, attempt_minutes: 180, expected_minutes: 50 },
    })
    world.pass(untilSunday)
    await fire(id, sunday)
    const started = upgradeOfWindow(id, sunday)
    expect((await upgrade(started)).request.deadlines).toMatchObject({ attempt: 10_800, expected: 3000 })
    await world.advance(started)
    world.pass(4 * 3600 - 3000)
    expect(await report(world)).toEqual([])
    await world.advance(started)
    expect((await upgrade(started)).holds).toMatchObject([{ code: 'WINDOW_CLOSED' }])
  })

  test('binds the procedure that it names at the revision of then, for as long as its steps may take', async () => {
    const settings = { ...weekly.upgrade_settings, procedure: 'node' }
    const definition = { ...weekly, upgrade_settings: settings }
    const refused = await world.call('POST', '/api/v1/upgrade-profiles', { body: definition })
    expect(refused.status).toBe(400)
    expect(refused.body.errors).toMatchObject([{ field: 'upgrade_settings.procedure', value: 'node' }])
    const store = (timeoutSeconds: number) => {
      const http = { request: { method: 'POST', url: 'http://node.example/' } }
      const steps = [{ id: 'call', name: 'Call', inverse: 'none', timeoutSeconds, http }]
      return world.call('PUT', '/api/v1/procedures/node', { body: { steps } })
    }
    await store(60)
    const id = await created(definition)
    expect((await world.call('GET', `/api/v1/upgrade-profiles/${id}`)).body.upgrade_settings.procedure).toBe(
      'node',
    )
    const { body: latest } = await store(7200)
    world.pass(untilSunday)
    await fire(id, sunday)
    const { request } = await upgrade(upgradeOfWindow(id, sunday))
    expect(request.procedure).toEqual({ name: 'node', revision: 2, hash: latest.hash })
    expect(request.deadlines.attempt).toBe(7200)
  })

  test('the next two are scheduled before anything else', async () => {
    const id = await created()
    world.pass(untilSunday)
    world.schedules.all.clear()
    await fire(id, sunday)
    expect(scheduled()).toEqual([nextSunday, '2026-01-25T02:00:00.000Z'])
  })

  test('takes back what it changed when more fails than may, and is summarised when that is done', async () => {
    const id = await created({
      ...weekly,
      upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1, rollback_on_failure: true },
    })
    world.pass(untilSunday)
    await fire(id, sunday)
    const started = upgradeOfWindow(id, sunday)
    expect((await upgrade(started)).request?.failures.action).toBe('rollback')
    await world.advance(started)
    let takenBack: string | undefined
    let first: string | undefined
    const status = (target: string) => {
      first ??= target
      return target === first || takenBack !== undefined ? 'completed' : 'failed'
    }
    for (let round = 0; round < 40 && (await profile(id)).running; round++) {
      await world.advance(takenBack ?? started)
      takenBack = (await upgrade(started)).children[0]?.child
      if (takenBack !== undefined && (await upgrade(takenBack)).endedAt === null)
        expect((await profile(id)).summaries).toEqual([])
      await report(world, status)
      world.pass(300)
    }
    const { running, summaries } = await profile(id)
    expect(running).toBeNull()
    expect(summaries).toEqual([
      expect.objectContaining({
        status: 'aborted',
        failures: [{ code: 'HEALTH_CHECK_FAILED', count: expect.any(Number) }],
      }),
    ])
    expect(summaries[0]?.counts.rolledBack).toBeGreaterThan(0)
  })

  test('carries on what the last one did not finish, in the new window', async () => {
    const id = await created({
      ...weekly,
      upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1 },
    })
    world.pass(untilSunday)
    await fire(id, sunday)
    const started = upgradeOfWindow(id, sunday)
    await world.advance(started)
    expect(await report(world, () => 'in-progress')).toHaveLength(1)
    // What was accepted finishes, but nothing is admitted any more so shortly before the end.
    world.pass(4 * 3600 - 120)
    expect(await report(world)).toHaveLength(1)
    expect((await upgrade(started)).holds).toEqual([expect.objectContaining({ code: 'WINDOW_CLOSED' })])
    world.pass(week - 4 * 3600 + 120)
    await fire(id, nextSunday)
    const { running, windows } = await profile(id)
    expect(running).toMatchObject({ upgrade: started, scheduledAt: nextSunday })
    expect(windows.at(-1)).toMatchObject({ result: 'opened', resumed: true })
    expect((await upgrade(started)).window).toEqual({ start: nextSunday, end: '2026-01-18T06:00:00.000Z' })
    await finish(started)
    expect((await profile(id)).summaries).toEqual([expect.objectContaining({ status: 'completed' })])
  })

  test('upgrades one component after the other in the same window', async () => {
    const types = ['publisher', 'local_broker']
    for (const component of types)
      await world.call('POST', '/api/v1/releases', { body: { component, version: '4.2.1', digest } })
    const targets = types.map((type) => ({ id: `${type}-1`, type, components: { [type]: '4.1.0' } }))
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const id = await created({
      ...weekly,
      upgrade_settings: { ...weekly.upgrade_settings, component: null },
      resource_filters: { resource_types: types },
    })
    world.pass(untilSunday)
    await fire(id, sunday)
    const first = upgradeOfWindow(id, sunday)
    await finish(first)
    const { running } = await profile(id)
    expect(running).toMatchObject({ upgrade: upgradeOfWindow(id, first), scheduledAt: sunday })
    await finish(upgradeOfWindow(id, first))
    const { running: rest, summaries } = await profile(id)
    expect(rest).toBeNull()
    const upgraded = await Promise.all(summaries.map((one) => upgrade(one.upgrade)))
    expect(upgraded.map(({ request }) => request?.component)).toEqual(types)
    // Who is of the other type is not meant by it, whatever would stand against it.
    const query = { upgradeId: first }
    const told = await world.call('GET', '/api/v1/targets/local_broker-1/explain', { query })
    expect(told.body.sentence).toBe(`It is no member of upgrade ${first}: its selection does not mean it.`)
  })

  test('leaves alone what is assigned to another profile or critical, and the plan says so', async () => {
    const id = await created({
      ...weekly,
      resource_filters: { ...weekly.resource_filters, exclude_critical: true },
    })
    const other = await created({ ...weekly, name: 'other' })
    await world.call('POST', `/api/v1/targets`, {
      body: { targets: [{ id: 'cust_9999', critical: true, components: { api: 'v1.1.0' } }] },
    })
    const resource_assignments = [{ resource_id: 'cust_0001', resource_type: 'customer' }]
    const path = `/api/v1/upgrade-profiles/${other}/assignments`
    expect((await world.call('POST', path, { body: { resource_assignments } })).status).toBe(200)
    await world.settle()
    world.pass(untilSunday)
    await fire(id, sunday)
    await world.advance(upgradeOfWindow(id, sunday))
    const { plan } = await upgrade(upgradeOfWindow(id, sunday))
    expect(plan?.members).toBe(2)
    expect(plan?.leftOut).toEqual({ member_elsewhere: 1, critical: 1 })
  })
})

describe('a window that does not open says why', () => {
  test('nothing to upgrade', async () => {
    const id = await created({
      ...weekly,
      resource_filters: { resource_types: ['customer'], regions: ['nowhere'] },
    })
    world.pass(untilSunday)
    await fire(id, sunday)
    expect((await profile(id)).windows).toEqual([
      expect.objectContaining({ scheduledAt: sunday, result: 'nothing_to_upgrade' }),
    ])
    expect((await world.log.load(upgradeAggregate, upgradeOfWindow(id, sunday))).commit).toBe(0)
  })

  test('everything is stopped', async () => {
    const id = await created()
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    world.pass(untilSunday)
    await fire(id, sunday)
    expect((await profile(id)).windows.at(-1)).toMatchObject({ result: 'frozen' })
  })

  test('a holiday', async () => {
    const body = { kind: 'dates', timezone: 'UTC', dates: [{ date: '2026-01-11', name: 'inventory' }] }
    const defined = await world.call('PUT', '/api/v1/calendars/closed', { body })
    expect(defined.status).toBeLessThan(300)
    const id = await created({ ...weekly, schedule: { ...weekly.schedule, calendars: ['closed'] } })
    world.pass(untilSunday)
    await fire(id, sunday)
    expect((await profile(id)).windows.at(-1)).toMatchObject({ result: 'holiday' })
  })

  test('an instant that the schedule does not hold', async () => {
    const id = await created()
    world.pass(untilSunday + 3600)
    await fire(id, '2026-01-11T03:00:00.000Z')
    expect((await profile(id)).windows.at(-1)).toMatchObject({ result: 'not_in_schedule' })
  })

  test('one that has not come yet is no answer: the firing comes again', async () => {
    const id = await created()
    await expect(fire(id, sunday)).rejects.toThrow('has not come yet')
  })
})

test('P12: an execution out of turn starts at once, bound to no window, with its reason', async () => {
  const id = await created()
  const reply = await world.call('POST', `/api/v1/upgrade-profiles/${id}/executions`, {
    body: { reason: 'CVE-2026-1' },
  })
  expect(reply.status).toBe(202)
  await world.settle()
  const started = reply.body.execution_id
  expect((await upgrade(started)).request).toMatchObject({ window: null, reason: 'CVE-2026-1' })
  await finish(started)
  expect((await profile(id)).summaries).toEqual([expect.objectContaining({ upgrade: started })])
})
