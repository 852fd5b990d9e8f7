import { expect, it } from 'vitest'
import { deployed, openWorld } from './world.ts'

it('a poll that finds nothing writes no line, and every other request does', async () => {
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
  await poll()
  expect(world.lines).toEqual([expect.objectContaining({ operation: 'checkForUpdate', status: 200 })])
})
