import { expect, it } from 'vitest'
import { deployed, openWorld } from './world.ts'

it('a poll that is answered writes no line, whatever it finds, and every other request does', async () => {
  const world = openWorld()
  await world.fleet(1)
  const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  const poll = (query: Record<string, string> = {}) =>
    world.call('GET', '/api/v1/updates/check', { as, query })
  world.lines.length = 0
  await poll()
  await poll({ members: 'true' })
  expect(world.lines).toEqual([])
  await poll({ target: 'cust_0002' })
  expect(world.lines.at(-1)).toMatchObject({ operation: 'checkForUpdate', status: 404 })
  await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
  world.lines.length = 0
  expect((await poll()).body.updateAvailable).toBe(true)
  expect(world.lines).toEqual([])
  const { version } = (await poll()).body
  const body = { status: 'in-progress', version, timestamp: '2026-01-05T10:00:00Z' }
  await world.call('POST', '/api/v1/updates/status', { as, body })
  expect(world.lines).toEqual([expect.objectContaining({ operation: 'reportUpdateStatus', status: 200 })])
})
