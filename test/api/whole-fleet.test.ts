import { afterEach, describe, expect, it, vi } from 'vitest'
import { keepFigures } from '../../functions/reactor/profiles/figures.ts'
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
