import { expect, test } from 'vitest'
import { openWorld } from './world.ts'

const steps = [{ id: 'look', name: 'Look', http: { request: { url: 'http://node.example/' } } }]
const body = { component: 'api', version: 'v1.2.0', strategy: 'all', procedure: { name: 'node' } }

test('a plan, a deploy and its repeat say which revision of a procedure they bind', async () => {
  const world = openWorld()
  await world.fleet(2)
  const store = (description: string) =>
    world.call('PUT', '/api/v1/procedures/node', { body: { description, steps } })
  const { name, revision, hash } = (await store('first')).body
  const first = { name, revision, hash }
  expect((await world.call('POST', '/api/upgrades/plan', { body })).body.procedure).toEqual(first)
  const phases = [{ name: 'all', ...body }]
  const { body: rollout } = await world.call('POST', '/api/v1/rollouts/plan', {
    body: { name: 'All', phases },
  })
  expect(rollout.phases[0].procedure).toEqual(first)
  const deploy = () =>
    world.call('POST', '/api/upgrades/deploy', { body, headers: { 'idempotency-key': 'once' } })
  expect((await deploy()).body.procedure).toEqual(first)
  await store('second')
  expect((await deploy()).body.procedure).toEqual(first)
  expect((await world.call('POST', '/api/upgrades/plan', { body })).body).toMatchObject({
    procedure: { name: 'node', revision: 2 },
  })
})
