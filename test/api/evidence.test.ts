import { expect, test } from 'vitest'
import { deployed, openWorld, report, viewer } from './world.ts'

test('the evidence of an upgrade is a zip file', async () => {
  const world = openWorld()
  await world.fleet(20)
  const id = await deployed(world)
  await report(world)
  await world.advance(id)
  await world.heads.write()
  const reply = await world.call('GET', `/api/upgrades/${id}/evidence`, { as: viewer })
  expect(reply.status).toBe(200)
  expect(reply.headers['content-type']).toBe('application/zip')
  expect(reply.body.slice(0, 4)).toBe('PK\u0003\u0004')
})
