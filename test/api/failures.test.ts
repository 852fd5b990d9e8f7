import { expect, it } from 'vitest'
import { deployed, openWorld } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all', failureThreshold: { percent: 100 } }

it('an upgrade says what its targets have failed with, the most common first, and what was said of it', async () => {
  const world = openWorld()
  await world.fleet(6)
  const id = await deployed(world, everybody)
  const failures = async () => (await world.call('GET', `/api/upgrades/${id}`)).body.failures
  expect(await failures()).toEqual([])
  const agent = async (target: string, body: object) => {
    const as = { lambda: { kind: 'agent', target, tokenHash: '' } } as const
    const { version } = (await world.call('GET', '/api/v1/updates/check', { as })).body
    const told = { version, timestamp: '2026-01-05T10:00:00Z' }
    const say = (status: string, more: object = {}) =>
      world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status, ...more } })
    await say('in-progress')
    await say('failed', body)
  }
  const ill = { code: 'HEALTH_CHECK_FAILED', details: 'GET /healthz:\n\u001b[31m503\u202e\n' }
  const full = { code: 'DISK_FULL', details: 'x'.repeat(2000) }
  await agent('cust_0001', full)
  await agent('cust_0002', ill)
  await agent('cust_0003', { ...ill, details: '' })
  await agent('cust_0004', ill)
  await world.settle()
  const [first, second, ...others] = await failures()
  expect(first).toEqual({
    ...{ code: 'HEALTH_CHECK_FAILED', count: 3, targetId: 'cust_0004' },
    said: 'GET /healthz: [31m503',
  })
  expect([second.code, second.count, second.targetId]).toEqual(['DISK_FULL', 1, 'cust_0001'])
  expect([second.said.length, second.said.at(-1)]).toEqual([300, '…'])
  expect(others).toEqual([])
  await agent('cust_0005', { code: 'CRITICAL_CORRUPT' })
  await world.settle()
  expect((await failures())[0]).toMatchObject({ code: 'CRITICAL_CORRUPT', count: 1, said: null })
})
