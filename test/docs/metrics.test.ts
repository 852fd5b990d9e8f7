import { expect, test } from 'vitest'
import { canary, openWorld } from '../api/world.ts'
import { textOf } from './documents.ts'

test('the metrics that are shown are taken by a deploy', async () => {
  const [, shown = ''] = /```json\n("metrics": [\s\S]*?)```/.exec(textOf('docs/walk.md')) ?? []
  const { metrics } = JSON.parse(`{${shown}}`)
  expect(metrics).toHaveLength(2)
  const world = openWorld()
  await world.fleet(20)
  const { status, body } = await world.call('POST', '/api/upgrades/deploy', { body: { ...canary, metrics } })
  expect([status, body.errors]).toEqual([202, undefined])
})
