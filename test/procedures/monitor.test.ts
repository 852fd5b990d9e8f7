import { expect, test } from 'vitest'
import { answered, openProcedures } from './world.ts'

test('a node is shown with the step that it is at, and how many instances a step of it has seen last', async () => {
  const all = openProcedures(({ url }) => answered({ active: url.endsWith('/before') ? 3 : 0 }))
  const get = (id: string, path: string) => ({
    ...{ id, name: `Look ${id}`, http: { request: { url: `http://node.example/${path}` } } },
    save: { instances: 'answer.body.active' },
  })
  await all.world.fleet(1)
  await all.store('node', {
    steps: [
      get('before', 'before'),
      { id: 'rest', name: 'Rest', wait: { seconds: 60 } },
      get('after', 'after'),
    ],
  })
  const phases = [
    { name: 'nodes', component: 'api', version: 'v1.2.0', strategy: 'all', procedure: { name: 'node' } },
  ]
  const { body } = await all.world.call('POST', '/api/v1/rollouts', { body: { name: 'Nodes', phases } })
  const path = `/api/v1/rollouts/${body.rolloutId}`
  await all.world.advanceRollout(body.rolloutId)
  const { body: begun } = await all.world.call('GET', `${path}/status`)
  await all.world.advance(begun.phases[0].upgradeId)
  const node = async () => (await all.world.call('GET', `${path}/monitor`)).body.nodes[0]
  await all.until(async () => (await node())?.step?.name === 'Rest')
  expect(await node()).toMatchObject({
    ...{ targetId: 'cust_0001', phase: 'nodes', status: 'in_progress', from: 'v1.1.0', to: 'v1.2.0' },
    ...{ instances: 3, instancesAt: expect.any(String) },
  })
  await all.until(async () => (await node()).completedAt !== null)
  expect(await node()).toMatchObject({ status: 'completed', step: null, instances: 0 })
})
