import { describe, expect, it } from 'vitest'
import { deployed, openWorld, report, viewer, type World } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
const hour = 3600

/** One customer completes v1.2.0 at ten, by its own clock too; an hour passes. */
async function upgraded(): Promise<World> {
  const world = openWorld()
  await world.fleet(1)
  await world.advance(await deployed(world, everybody))
  await report(world)
  world.pass(hour)
  return world
}

const later = '2026-01-05T11:00:00Z'
const tell = (world: World, body: object) =>
  world.call('POST', '/api/v1/updates/status', { as, body: { version: 'v1.1.0', timestamp: later, ...body } })
const check = (world: World, headers: Record<string, string>) =>
  world.call('GET', '/api/v1/updates/check', { as, headers })
const read = async (world: World) => (await world.call('GET', '/api/v1/targets/cust_0001')).body
const back = { api: { from: 'v1.2.0', to: 'v1.1.0', since: '2026-01-05T11:00:00.000Z' } }

/** A deploy finds that it does not run the version, and brings it there again. */
async function upgradedAgain(world: World): Promise<void> {
  await world.advance(await deployed(world, everybody))
  expect(await report(world)).toEqual(['cust_0001'])
  expect(await read(world)).toMatchObject({ components: { api: 'v1.2.0' }, drift: {} })
}

describe('a device that booted back to its old version', () => {
  it('corrects the inventory by a check, is shown as drift, and can be upgraded again', async () => {
    const world = await upgraded()
    expect((await check(world, { 'x-current-version': 'v1.1.0' })).status).toBe(200)
    expect(await read(world)).toMatchObject({ components: { api: 'v1.1.0' }, drift: back })
    const list = await world.call('GET', '/api/v1/targets')
    expect(list.body.targets).toMatchObject([{ components: { api: 'v1.1.0' }, drift: back }])
    const why = await world.call('GET', '/api/v1/targets/cust_0001/explain', { as: viewer })
    expect(why.body.sentence).toBe(
      'cust_0001 was to run api v1.2.0, and has said since 2026-01-05T11:00:00.000Z that it runs v1.1.0.',
    )
    await upgradedAgain(world)
  })

  it.each(['completed', 'rolled-back'])(
    'corrects the inventory by a report as %s, is shown as an attempt that failed after all, and can be upgraded again',
    async (status) => {
      const world = await upgraded()
      expect((await tell(world, { status })).body).toMatchObject({ result: 'regressed' })
      expect(await read(world)).toMatchObject({
        components: { api: 'v1.1.0' },
        drift: {},
        attempts: [{ outcome: 'succeeded', regression: { recoveredAt: null } }],
      })
      await upgradedAgain(world)
    },
  )

  it('says it as often as it likes: one event is kept', async () => {
    const world = await upgraded()
    const headers = { 'idempotency-key': 'late' }
    const body = { version: 'v1.1.0', timestamp: later, status: 'completed' }
    const late = () => world.call('POST', '/api/v1/updates/status', { as, headers, body })
    expect((await late()).body.result).toBe('regressed')
    await world.settle()
    const before = world.log.records.length
    expect([(await late()).status, (await tell(world, { status: 'completed' })).body.result]).toEqual([
      200,
      'unchanged',
    ])
    await check(world, { 'x-current-version': '1.1.0' })
    expect(world.log.records).toHaveLength(before)
  })

  it('changes nothing by a report of an older time', async () => {
    const world = await upgraded()
    for (const timestamp of ['2026-01-05T09:00:00Z', '2026-01-05T11:30:00+02:00'])
      expect((await tell(world, { status: 'completed', timestamp })).status).toBe(409)
    expect(await read(world)).toMatchObject({ components: { api: 'v1.2.0' }, drift: {} })
    expect((await tell(world, { status: 'completed' })).status).toBe(200)
    expect(await read(world)).toMatchObject({ components: { api: 'v1.1.0' } })
  })

  it('corrects nothing while an attempt is under way on the component', async () => {
    const world = await upgraded()
    await world.fleet(0, 'v1.3.0')
    await world.advance(await deployed(world, { ...everybody, version: 'v1.3.0' }))
    const offer = await check(world, { 'x-current-version': 'v1.0.0' })
    expect(offer.body).toMatchObject({ from: 'v1.2.0', version: 'v1.3.0' })
    expect(await read(world)).toMatchObject({ components: { api: 'v1.2.0' }, drift: {} })
  })

  it('names the component where it runs several, and means none otherwise', async () => {
    const world = openWorld()
    const target = { id: 'cust_0001', components: { api: 'v1.2.0', web: '3.0.0' } }
    await world.call('POST', '/api/v1/targets', { body: target })
    await check(world, { 'x-current-version': '2.9.0' })
    expect((await read(world)).components).toEqual(target.components)
    await check(world, { 'x-current-version': '2.9.0', 'x-component': 'web' })
    expect((await read(world)).components).toEqual({ api: 'v1.2.0', web: '2.9.0' })
  })
})
