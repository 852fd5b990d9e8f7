import { beforeEach, describe, expect, test } from 'vitest'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { judgeOpening, upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { openWorld, report, type World } from '../api/world.ts'

const sunday = '2026-01-11T02:00:00.000Z'
/** The world's clock starts on Monday 2026-01-05 at 10:00Z. */
const untilSunday = (Date.parse(sunday) - Date.parse('2026-01-05T10:00:00Z')) / 1000

let world: World
beforeEach(async () => {
  world = openWorld({ heard: true })
  await world.fleet(3)
})

async function created(settings: object = {}, more: object = {}): Promise<string> {
  const reply = await world.call('POST', '/api/v1/upgrade-profiles', {
    body: {
      name: 'checked',
      schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
      upgrade_settings: {
        target_version: 'latest',
        component: 'api',
        pre_upgrade_checks: true,
        rollback_on_failure: false,
        parallel_upgrades: 1,
        ...settings,
      },
      resource_filters: { resource_types: ['customer'] },
      ...more,
    },
  })
  expect(reply.status).toBe(201)
  await world.settle()
  return reply.body.id
}

/** Opens the window of a profile, and lets the upgrade be planned and its first targets be assigned. */
async function opened(profile: string): Promise<string> {
  world.pass(untilSunday)
  const event = { profileId: profile, scheduledAt: sunday }
  await judgeOpening(world.services, event)
  const started = upgradeOfWindow(profile, sunday)
  await world.advance(started)
  return started
}

async function started(profile: string): Promise<string> {
  const path = `/api/v1/upgrade-profiles/${profile}/executions`
  const { body } = await world.call('POST', path, { body: { reason: 'CVE-2026-1' } })
  await world.settle()
  await world.advance(body.execution_id)
  return body.execution_id
}

const upgrade = async (id: string) => await world.upgrade(id)
const target = async (id: string) => (await world.log.load(targetAggregate, id)).state

describe('with pre_upgrade_checks', () => {
  test('the plan leaves out who was not heard of, and says so', async () => {
    world.silent.add('cust_0002')
    const id = await opened(await created())
    const { request, plan } = await upgrade(id)
    const { events } = (await world.call('GET', `/api/upgrades/${id}/events`)).body
    expect(events.map(({ sentence }: { sentence: string }) => sentence)).toContain(
      'Planned 2 targets to v1.2.0, leaving out 1 unheard of for 24 hours.',
    )
    expect(request?.preUpgradeChecks).toBe(true)
    expect(plan).toMatchObject({ members: 2, leftOut: { not_ready: 1 } })
  })

  test('a gateway that was heard of speaks for its members', async () => {
    const body = {
      targets: [
        { id: 'gateway', type: 'gateway', components: {} },
        ...['behind-1', 'behind-2'].map((id) => ({ id, gateway: 'gateway', components: { api: 'v1.1.0' } })),
      ],
    }
    expect((await world.call('POST', '/api/v1/targets', { body })).status).toBe(200)
    for (const id of ['behind-1', 'behind-2', 'cust_0002']) world.silent.add(id)
    const { plan } = await upgrade(await opened(await created()))
    expect(plan).toMatchObject({ members: 4, leftOut: { not_ready: 1 } })
  })

  test('nobody is upgraded when nobody was heard of, and the history says why', async () => {
    for (const number of [1, 2, 3]) world.silent.add(`cust_000${number}`)
    const profile = await created()
    const { status, failure } = await upgrade(await opened(profile))
    expect([status, failure]).toEqual([
      'failed',
      { code: 'nothing-to-upgrade', detail: 'No target is left to upgrade: 3 unheard of for 24 hours.' },
    ])
    const { state } = await world.log.load(profileAggregate, profile)
    expect(state.summaries).toMatchObject([{ failures: [{ code: 'nothing-to-upgrade', count: 1 }] }])
  })

  test('who falls silent after the plan is skipped when its turn comes, and its slot goes to the next', async () => {
    const profile = await created()
    const id = await opened(profile)
    expect((await upgrade(id)).plan).toMatchObject({ members: 3, leftOut: {} })
    const [first] = await activeTargets()
    const rest = ['cust_0001', 'cust_0002', 'cust_0003'].filter((name) => name !== first)
    for (const name of rest) world.silent.add(name)
    expect(await report(world)).toEqual([first])
    await world.advance(id)
    const { status, counts } = await upgrade(id)
    expect([status, counts]).toMatchObject([
      'completed_with_exceptions',
      { succeeded: 1, skipped: 2, failed: 0 },
    ])
    for (const name of rest) {
      expect((await target(name)).attempts).toMatchObject([{ outcome: 'skipped', code: 'not_ready' }])
    }
  })

  test('a rollback takes back who fell silent, too', async () => {
    const id = await opened(await created({ parallel_upgrades: 3 }))
    await report(world)
    await world.advance(id)
    for (const number of [1, 2, 3]) world.silent.add(`cust_000${number}`)
    const { body } = await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.advance(body.upgradeId)
    expect((await upgrade(body.upgradeId)).counts.inFlight).toBe(3)
  })
})

describe('P12: without pre_upgrade_checks', () => {
  test('who was never heard of is handed the upgrade all the same', async () => {
    world.silent.add('cust_0002')
    const profile = await created({ pre_upgrade_checks: false, parallel_upgrades: 10 })
    const { request, plan, counts } = await upgrade(await started(profile))
    expect([request?.preUpgradeChecks, plan?.members, counts.inFlight]).toEqual([undefined, 3, 3])
  })

  test('a withdrawn release is refused all the same, when planned and when admitted', async () => {
    const path = '/api/v1/releases/api/v1.2.0/withdraw'
    const exact = { pre_upgrade_checks: false, target_version: 'v1.2.0' }
    const running = await started(await created({ ...exact, parallel_upgrades: 1 }))
    expect((await world.call('POST', path, { body: { reason: 'broken' } })).status).toBe(200)
    await world.advance(running)
    const { status, counts } = await upgrade(running)
    expect([status, counts]).toMatchObject(['paused', { inFlight: 0, deferred: 1, succeeded: 0 }])
    const planned = await started(await created({ ...exact }))
    expect((await upgrade(planned)).failure).toMatchObject({ code: 'release-withdrawn' })
  })

  test('what runs another version than the plan saw, or is pinned, is skipped all the same', async () => {
    const id = await started(await created({ pre_upgrade_checks: false, parallel_upgrades: 1 }))
    const [first] = await activeTargets()
    const [second = '', third = ''] = ['cust_0001', 'cust_0002', 'cust_0003'].filter((name) => name !== first)
    await world.call('POST', `/api/v1/targets/${second}/pin`, { body: { reason: 'audit' } })
    await world.call('POST', `/api/v1/targets/${third}/pin`, { body: { reason: 'audit' } })
    await report(world)
    await world.advance(id)
    expect((await upgrade(id)).counts).toMatchObject({ succeeded: 1, skipped: 2 })
    expect((await target(second)).attempts).toMatchObject([{ code: 'pinned' }])
  })

  test('no more are in flight than the profile allows, and a canary still comes first', async () => {
    const settings = { pre_upgrade_checks: false, parallel_upgrades: 2, canary_percentage: 1 }
    const id = await started(await created(settings))
    expect((await upgrade(id)).counts.inFlight).toBe(1)
    await report(world)
    await world.advance(id)
    expect((await upgrade(id)).counts).toMatchObject({ succeeded: 1, inFlight: 2 })
  })
})

/** The targets that have an attempt under way. */
async function activeTargets(): Promise<string[]> {
  const names = ['cust_0001', 'cust_0002', 'cust_0003']
  const states = await Promise.all(names.map(async (name) => ({ name, state: await target(name) })))
  return states.flatMap(({ name, state }) => (state.active ? [name] : []))
}
