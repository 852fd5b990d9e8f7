import { expect, test } from 'vitest'
import { nodeSteps, transitionsOf } from './node.ts'
import { answered, openProcedures } from './world.ts'

test('a node costs at most 40 transitions beside its polls, whatever else runs', async () => {
  const polls = 5
  let asked = 0
  const all = openProcedures(({ url }) =>
    answered({ active: url.endsWith('/instances') && ++asked <= polls ? 1 : 0 }),
  )
  await all.world.fleet(1)
  await all.store('node', { steps: nodeSteps })
  const before = all.world.log.consumed().written
  expect(await all.over(await all.deploy('node'))).toBe('completed')
  const { entered, retried } = transitionsOf(all.engine, 'node')
  expect([entered, retried]).toEqual([15, polls])
  expect(entered).toBeLessThanOrEqual(40)
  // What an upgrade of one target writes beside it is in there too.
  expect(all.world.log.consumed().written - before).toBeLessThanOrEqual(40)
  expect(all.calls.length).toBe(8 + polls)
})
