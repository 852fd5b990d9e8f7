import { describe, expect, it, vi } from 'vitest'
import { NotInTheLog } from '../../functions/errors.ts'
import { deployed, openWorld, type World } from './world.ts'

const patch = (world: World, id: string, gateway: string | null) =>
  world.call('PATCH', `/api/v1/targets/${id}`, { body: { gateway } })
const register = (world: World, body: object) => world.call('POST', '/api/v1/targets', { body })

const gatewayOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/v1/targets/${id}`)).body.gateway

/** Registers targets of which each is reached through the one before. */
async function chain(world: World, ...ids: readonly string[]): Promise<void> {
  for (const [place, id] of ids.entries()) await register(world, { id, gateway: ids[place - 1] ?? null })
}

describe('a gateway', () => {
  it.each([
    ['nobody', 'gateway nobody is not registered.'],
    ['a', 'gateway a is the target itself.'],
    ['b', 'gateway b would be reached through the target itself: a through b through a.'],
    ['d', 'gateway d would be reached through the target itself: a through d through c through b through a.'],
    ['gone', 'gateway gone is retired.'],
  ])('%s is refused by PATCH, which names the field', async (gateway, detail) => {
    const world = openWorld()
    await chain(world, 'a', 'b', 'c', 'd')
    await register(world, { id: 'gone' })
    await world.call('POST', '/api/v1/targets/gone/retire', { body: { reason: 'sold' } })
    const before = world.log.records.length
    const reply = await patch(world, 'a', gateway)
    expect([reply.status, reply.body.code, reply.body.detail]).toEqual([422, 'gateway-invalid', detail])
    expect(reply.body.errors).toMatchObject([{ field: 'gateway', value: gateway }])
    expect(world.log.records.length).toBe(before)
  })

  it('may be another, or none any more', async () => {
    const world = openWorld()
    await chain(world, 'a', 'b', 'c')
    await register(world, { id: 'd' })
    for (const gateway of ['d', 'a', null]) {
      expect((await patch(world, 'c', gateway)).status).toBe(200)
      expect(await gatewayOf(world, 'c')).toBe(gateway)
    }
    expect((await patch(world, 'nobody', 'a')).status).toBe(404)
  })

  it('that was retired since stays where it was named before', async () => {
    const world = openWorld()
    await chain(world, 'a', 'b')
    await world.call('POST', '/api/v1/targets/a/retire', { body: { reason: 'sold' } })
    expect((await patch(world, 'b', 'a')).status).toBe(200)
    const again = await register(world, { id: 'b', gateway: 'a' })
    expect([again.status, again.body.status]).toEqual([200, 'exists'])
  })

  it.each([
    ['nobody', 'gateway nobody is not registered.'],
    ['new', 'gateway new is the target itself.'],
  ])('%s is refused by registration, which names the field', async (gateway, detail) => {
    const world = openWorld()
    const reply = await register(world, { id: 'new', gateway })
    expect([reply.status, reply.body.code, reply.body.detail]).toEqual([422, 'gateway-invalid', detail])
    expect(reply.body.errors).toMatchObject([{ field: 'gateway', value: gateway }])
    expect((await world.call('GET', '/api/v1/targets/new')).status).toBe(404)
  })

  it('may be registered in the same call as those that are reached through it, in any order', async () => {
    const world = openWorld()
    const members = Array.from({ length: 40 }, (_, place) => ({ id: `m${place}`, gateway: 'gate' }))
    const targets = [...members, { id: 'gate', gateway: 'site' }, { id: 'site' }]
    const { body } = await register(world, { targets, enrol: true })
    expect(body).toMatchObject({ registered: 42, failed: 0 })
    expect(body.targets.map(({ id }: { id: string }) => id)).toEqual(targets.map(({ id }) => id))
    expect((await register(world, { targets, enrol: true })).body).toMatchObject({ exists: 42, failed: 0 })
  })

  it('that is none spoils only those that name it, in a call that registers many', async () => {
    const world = openWorld()
    const targets = [
      { id: 'a', gateway: 'c' },
      { id: 'b', gateway: 'a' },
      { id: 'c', gateway: 'b' },
      { id: 'd', gateway: 'a' },
      { id: 'e', gateway: 'nobody' },
      { id: 'f' },
    ]
    const { body } = await register(world, { targets })
    expect(body).toMatchObject({ registered: 1, failed: 5 })
    const details = body.targets.map(({ error }: { error?: { detail: string } }) => error?.detail)
    expect(details).toEqual([
      'gateway c would be reached through the target itself: a through c through b through a.',
      'gateway a would be reached through the target itself: b through a through c through b.',
      'gateway b would be reached through the target itself: c through b through a through c.',
      'gateway a would be reached through itself: a through c through b through a.',
      'gateway nobody is not registered.',
      undefined,
    ])
  })
})

it('one member that cannot be read keeps no other from its offer, nor from being reported about, and is named', async () => {
  const world = openWorld()
  await world.fleet(0)
  await register(world, { id: 'gate' })
  const ids = Array.from({ length: 40 }, (_, place) => `m${place + 1}`)
  const targets = ids.map((id) => ({ id, gateway: 'gate', components: { api: 'v1.1.0' } }))
  await register(world, { targets })
  await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
  await world.settle()
  const { load } = world.log
  world.log.load = async (aggregate, id, options) => {
    if (id === 'm7') throw new NotInTheLog('The beginning of m7')
    return load(aggregate, id, options)
  }
  const told = vi.spyOn(console, 'error').mockReturnValue()
  const as = { lambda: { kind: 'agent', target: 'gate', tokenHash: '' } }
  const check = await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
  expect([check.status, check.body.count]).toEqual([200, 39])
  expect(told).toHaveBeenCalledWith(expect.objectContaining({ what: 'target m7' }))
  told.mockClear()
  const reports = ids.map((target) => {
    const timestamp = '2026-01-05T10:00:00Z'
    return { target, version: 'v1.2.0', status: 'in-progress', timestamp }
  })
  const reply = await world.call('POST', '/api/v1/updates/status', { as, body: { reports } })
  expect(told).toHaveBeenCalledWith(expect.objectContaining({ target: 'm7' }))
  told.mockRestore()
  world.log.load = load
  expect(reply.status).toBe(200)
  const results: { target: string; result: string; error?: { code: string } }[] = reply.body.results
  expect(results.filter(({ result }) => result === 'accepted')).toHaveLength(39)
  expect(results.find(({ target }) => target === 'm7')).toMatchObject({
    ...{ result: 'failed', error: { code: 'internal-error' } },
  })
})
