import { describe, expect, it } from 'vitest'
import { openWorld } from './world.ts'

/** Two targets that are under pins, and what takes one of them off, by one and the same key. */
async function pinned() {
  const world = openWorld()
  await world.fleet(2)
  const headers = { 'idempotency-key': 'one-key' }
  const pin = async (target: string, reason: string, as = { user: 'operator-1', roles: ['operator'] }) =>
    world.call('POST', `/api/v1/targets/${target}/pin`, { as, body: { reason }, headers })
  const pinOf = async (target: string) =>
    (await world.call('GET', `/api/v1/targets/${target}`)).body.pin?.reason
  return { ...world, headers, pin, pinOf }
}

describe('S8 an idempotency key', () => {
  it('is another key under another path: the other target is pinned as well, by another body too', async () => {
    const { pin, pinOf } = await pinned()
    expect((await pin('cust_0001', 'freeze')).status).toBe(200)
    expect((await pin('cust_0002', 'audit')).status).toBe(200)
    expect([await pinOf('cust_0001'), await pinOf('cust_0002')]).toEqual(['freeze', 'audit'])
  })

  it('is another key under another path of the same stream: the other stop is lifted as well', async () => {
    const { call, headers } = await pinned()
    for (const reason of ['one', 'two']) await call('POST', '/api/v1/stop', { body: { reason } })
    const lift = (stop: string) =>
      call('DELETE', `/api/v1/stop/${stop}`, { query: { reason: 'over' }, headers })
    expect((await lift('stop-1')).body.stops).toMatchObject([{ stopId: 'stop-2' }])
    expect((await lift('stop-2')).body).toEqual({ stopped: false, stops: [] })
  })

  it('is another key of another person, who is told nothing of the first', async () => {
    const { pin, pinOf } = await pinned()
    await pin('cust_0001', 'freeze')
    const other = await pin('cust_0001', 'audit', { user: 'operator-2', roles: ['operator'] })
    expect([other.status, await pinOf('cust_0001')]).toEqual([200, 'audit'])
  })

  it('is another key of another operation on the same path', async () => {
    const { call, headers, pin, pinOf } = await pinned()
    await pin('cust_0001', 'freeze')
    expect((await call('DELETE', '/api/v1/targets/cust_0001/pin', { headers })).status).toBe(200)
    expect(await pinOf('cust_0001')).toBeUndefined()
  })

  it('is refused for another body, and for another query', async () => {
    const { call, headers, pin } = await pinned()
    await pin('cust_0001', 'freeze')
    const reused = await pin('cust_0001', 'audit')
    expect([reused.status, reused.body.code]).toEqual([422, 'idempotency-key-reused'])
    await call('POST', '/api/v1/stop', { body: { reason: 'x' } })
    const lift = (reason: string) => call('DELETE', '/api/v1/stop/stop-1', { query: { reason }, headers })
    expect([(await lift('over')).status, (await lift('over')).status]).toEqual([200, 200])
    expect((await lift('not over')).body.code).toBe('idempotency-key-reused')
  })
})
