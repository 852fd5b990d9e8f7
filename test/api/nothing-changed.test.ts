import { describe, expect, it } from 'vitest'
import { base, examples } from './profile-examples.ts'
import { deployed, digest, openWorld, report } from './world.ts'

const headers = { 'idempotency-key': 'again-1' }
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }

describe('a repeated command that changes nothing, with an idempotency key', () => {
  it('leaves the lists of upgrades as right as they were: a resume of what runs', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, all)
    expect((await world.call('POST', `/api/upgrades/${id}/resume`, { headers })).status).toBe(200)
    await report(world)
    await world.advance(id)
    const status = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(status.body).toMatchObject({ status: 'completed', completed: 2 })
    expect((await world.call('GET', '/api/upgrades')).body.upgrades).toMatchObject([{ status: 'completed' }])
  })

  it('leaves profiles, calendars and releases as right as they were', async () => {
    const world = openWorld()
    await world.fleet(1)
    const { id } = (await world.call('POST', base, { body: examples.weekly })).body
    const same = { headers, body: { name: examples.weekly.name } }
    expect((await world.call('PUT', `${base}/${id}`, same)).status).toBe(200)
    await world.call('PUT', `${base}/${id}`, { body: { status: 'inactive' } })
    expect((await world.call('GET', base)).body.profiles).toMatchObject([{ status: 'inactive' }])

    const calendar = { kind: 'ranges', ranges: [] }
    const path = '/api/v1/calendars/acme'
    for (const each of [{}, headers]) await world.call('PUT', path, { headers: each, body: calendar })
    await world.call('DELETE', path)
    expect((await world.call('GET', '/api/v1/calendars')).body.calendars).toEqual([])

    const release = { component: 'api', version: 'v1.2.0', digest }
    expect((await world.call('POST', '/api/v1/releases', { headers, body: release })).status).toBe(200)
    const withdraw = { body: { reason: 'corrupts data' } }
    await world.call('POST', '/api/v1/releases/api/v1.2.0/withdraw', withdraw)
    const { releases } = (await world.call('GET', '/api/v1/releases')).body
    expect(releases).toMatchObject([{ withdrawn: { reason: 'corrupts data' } }])
  })
})
