import { afterEach, describe, expect, it, vi } from 'vitest'
import { membersOf } from '../../functions/api/agents/members.ts'
import { keepFigures } from '../../functions/reactor/profiles/figures.ts'
import type { TargetRow } from '../../functions/views/rows.ts'
import { examples } from './profile-examples.ts'
import { deployed, openWorld, report, type World } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const base = '/api/v1/upgrade-profiles'

/** Registers so many targets, of which every other is of another type. */
async function register(world: World, count: number): Promise<void> {
  const targets = Array.from({ length: count }, (_, place) => ({
    id: `t${String(place).padStart(4, '0')}`,
    type: place % 2 === 0 ? 'appliance' : 'node',
    components: { appliance: 'v1.1.0' },
  }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  await world.settle()
}

const profile = {
  ...examples.weekly,
  resource_filters: {
    ...examples.weekly.resource_filters,
    resource_types: ['appliance'],
    tags: [],
    regions: [],
  },
}

afterEach(() => vi.restoreAllMocks())

describe('of a fleet of more than a thousand targets', () => {
  it('nobody who reads looks through all: what is summed over them was counted before', async () => {
    const world = openWorld()
    await register(world, 1001)
    const { id } = (await world.call('POST', base, { body: profile })).body
    const whole = vi.spyOn(world.services.views, 'everyTarget')
    const shown = async () => {
      const { body } = await world.call('GET', base)
      return [body.profiles[0].affected_resources, body.profiles[0].affected_resources_at]
    }
    expect(await shown()).toEqual([null, null])
    await keepFigures({ ...world.services, viewStore: world.viewStore })
    expect(whole).toHaveBeenCalledTimes(1)
    expect(await shown()).toEqual([501, '2026-01-05T10:00:00.000Z'])
    const { body } = await world.call('GET', `${base}/${id}`)
    expect([body.affected_resources, body.affected_resources_at]).toEqual([501, '2026-01-05T10:00:00.000Z'])
    expect(body.current_resources).toHaveLength(500)
    await world.call('GET', `${base}/${id}/history`)
    await world.call('GET', '/api/queue/stats')
    expect(whole).toHaveBeenCalledTimes(1)
  })

  it('and of a smaller one everything is counted for whoever asks', async () => {
    const world = openWorld()
    await register(world, 1000)
    await world.call('POST', base, { body: profile })
    const { body } = await world.call('GET', base)
    expect(body.profiles[0]).toMatchObject({ affected_resources: 500, affected_resources_at: null })
  })
})

/** Lets the view show this many targets more than are registered, of which none is asked about, and counts those that were looked at. */
function largeFleet({ services }: World, size: number, last?: Partial<TargetRow['facts']>) {
  const looked = { rows: 0 }
  const { facts: _, ...row } = fleetRow
  vi.spyOn(services.views, 'everyTarget').mockImplementation(async function* () {
    for (let place = 0; place < size; place++) {
      looked.rows++
      const facts = { ...fleetRow.facts, ...(place === size - 1 && last) }
      yield { ...row, id: place === size - 1 && last ? 'zz_last' : `fleet_${place}`, facts }
    }
  })
  return looked
}

const fleetRow: TargetRow = {
  ...{ id: '', drift: {}, pin: null, retired: null, enrolled: true, memberships: {}, lastOutcome: null },
  facts: { type: 'node', region: null, tags: {}, critical: false, namespace: null, gateway: null },
  components: { api: 'v1.1.0' },
  updatedAt: '2026-01-05T10:00:00.000Z',
}

describe('of a fleet that is too large to be looked through while somebody waits', () => {
  const deploy = { component: 'api', version: 'v1.2.0', strategy: 'all', targets: { types: ['customer'] } }

  it('an upgrade is planned in the background, whoever it selects', async () => {
    const world = openWorld()
    await world.fleet(4)
    const looked = largeFleet(world, 200_000)
    const { status, body } = await world.call('POST', '/api/upgrades/deploy', { body: deploy })
    expect([status, body.warnings]).toEqual([
      202,
      [expect.objectContaining({ code: 'planned_in_background' })],
    ])
    expect(looked.rows).toBeLessThanOrEqual(50_001)
  })

  it('a plan is refused, with what to do instead', async () => {
    const world = openWorld()
    await world.fleet(4)
    const looked = largeFleet(world, 200_000)
    const { status, body } = await world.call('POST', '/api/upgrades/plan', { body: deploy })
    expect([status, body.code]).toEqual([422, 'fleet-too-large'])
    expect(body.detail).toContain('deploy with approvals')
    expect(looked.rows).toBeLessThanOrEqual(50_001)
  })

  it('what a first wave exposes of it is judged in the background', async () => {
    const world = openWorld()
    await world.fleet(101)
    const looked = largeFleet(world, 200_000)
    const ids = Array.from({ length: 101 }, (_, place) => `cust_${String(place + 1).padStart(4, '0')}`)
    const body = { ...deploy, targets: { ids } }
    const reply = await world.call('POST', '/api/upgrades/deploy', { body })
    expect([reply.status, reply.body.approvals.reason]).toEqual([
      202,
      expect.stringContaining('planned in the background'),
    ])
    expect(looked.rows).toBeLessThanOrEqual(50_001)
  })

  it('nobody who writes a profile looks through it', async () => {
    const world = openWorld()
    await register(world, 1001)
    const looked = largeFleet(world, 200_000)
    const created = await world.call('POST', base, { body: profile })
    expect([created.status, created.body.affected_resources]).toEqual([201, null])
    const path = `${base}/${created.body.id}`
    const updated = await world.call('PUT', path, { body: { description: 'other' } })
    expect([updated.status, updated.body.affected_resources_change]).toEqual([200, null])
    expect(updated.body.validation_warnings.join()).not.toContain('No resource matches')
    const execution = await world.call('POST', `${path}/executions`, {
      body: { reason: 'a broken release is out' },
      early: true,
    })
    expect(execution.status).toBe(202)
    const deleted = await world.call('DELETE', path, { query: { force: 'true' }, early: true })
    expect([deleted.status, deleted.body.affected_resources]).toEqual([200, null])
    expect(deleted.body.cleanup_tasks).toContain('remove its assignments')
    expect(looked.rows).toBe(0)
  })

  it('a gateway is told of its members after some calls, none of which looks through it', async () => {
    const world = openWorld()
    await world.call('POST', '/api/v1/targets', { body: { id: 'gateway' } })
    await world.call('POST', '/api/v1/targets', { body: { id: 'zz_last', gateway: 'gateway' } })
    await world.settle()
    const looked = largeFleet(world, 25_000, { gateway: 'gateway' })
    const as = { lambda: { kind: 'agent', target: 'gateway', tokenHash: '' } }
    const told: string[][] = []
    for (let call = 1; call <= 3; call++) {
      await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
      told.push([...(await membersOf(world.services, 'gateway'))])
      expect(looked.rows).toBeLessThanOrEqual(2 * call * 10_000)
    }
    expect(told.at(-1)).toEqual(['zz_last'])
    const before = looked.rows
    await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
    expect(looked.rows).toBe(before)
  })
})

describe('the queue', () => {
  const stats = async (world: World) => (await world.call('GET', '/api/queue/stats')).body

  it('is the same counted anew and from a figure, whatever has gone on since', async () => {
    const world = openWorld()
    await world.fleet(4)
    const first = await deployed(world, { ...everybody, targets: { ids: ['cust_0001'] } })
    await report(world)
    await world.advance(first)
    await world.advance(first)
    const second = await deployed(world, { ...everybody, targets: { ids: ['cust_0002'] } })
    world.pass(2 * 3600)
    const third = await deployed(world, { ...everybody, targets: { ids: ['cust_0003'] } })
    const before = await stats(world)
    expect(before).toEqual({ waiting: 0, active: 2, completed: 1, failed: 0, delayed: 0 })
    await keepFigures({ ...world.services, viewStore: world.viewStore })
    expect(await stats(world)).toEqual(before)
    for (const id of [second, third])
      await world.call('POST', `/api/upgrades/${id}/abort`, { body: { reason: 'x' } })
    for (const id of [second, third]) await world.advance(id)
    expect(await stats(world)).toEqual({ waiting: 0, active: 0, completed: 1, failed: 2, delayed: 0 })
  })

  it('tells who has been held for an hour, from the figure and from what came since', async () => {
    const world = openWorld()
    await world.fleet(2)
    const held = async (id: string) => {
      const ids = [id]
      await deployed(world, { ...everybody, targets: { ids }, approvals: { required: 1 } })
    }
    const count = (instant: string) => world.services.views.heldSince(instant)
    await held('cust_0001')
    world.pass(2 * 3600)
    await keepFigures({ ...world.services, viewStore: world.viewStore })
    await held('cust_0002')
    expect([await count('2026-01-05T09:59:59.000Z'), await count('2026-01-05T11:00:00.000Z')]).toEqual([0, 1])
    expect(await count('2026-01-05T12:00:00.000Z')).toBe(2)
    const [first] = (await world.call('GET', '/api/upgrades', { query: { limit: '1' } })).body.upgrades
    await world.call('POST', `/api/upgrades/${first.upgradeId}/abort`, { body: { reason: 'x' } })
    await world.advance(first.upgradeId)
    expect(await count('2026-01-05T12:00:00.000Z')).toBe(1)
  })

  it('reads of what had ended before nothing but the figure', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await deployed(world, everybody)
    await report(world)
    await world.advance(id)
    await world.advance(id)
    world.pass(2 * 3600)
    await keepFigures({ ...world.services, viewStore: world.viewStore })
    const page = vi.spyOn(world.viewStore, 'page')
    expect(await stats(world)).toMatchObject({ completed: 1 })
    const rows = await Promise.all(page.mock.results.map(({ value }) => value))
    expect(rows.flatMap((one) => one.rows)).toEqual([])
  })
})
