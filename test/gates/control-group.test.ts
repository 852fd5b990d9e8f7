import { expect, test } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { isWatched } from '../../functions/domain/upgrade/measuring.ts'
import { pairsIn } from '../../functions/facts/control-group.ts'
import { canary, openWorld, report } from '../api/world.ts'

test('N10: each upgraded target is beside one of its own region and type that is not, and has not left', async () => {
  const world = openWorld()
  await world.fleet(0)
  const targets = Array.from({ length: 40 }, (_, place) => ({
    ...{ id: `t${String(place).padStart(2, '0')}`, components: { api: 'v1.1.0' } },
    ...{ type: 'node', region: place % 4 === 0 ? 'eu' : 'us' },
  }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  const asked = await world.call('POST', '/api/upgrades/deploy', {
    body: { ...canary, canaryPercent: 50, autoContinue: true, bakeSeconds: 600 },
  })
  const id: string = asked.body.upgradeId
  await world.advance(id)
  let failing = 2
  await report(world, () => (failing-- > 0 ? 'failed' : 'completed'))
  await world.settle()
  await world.advance(id)
  const { body } = await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })
  const rows = new Map<string, { region: string; components: { api: string } }>(
    body.targets.map((row: { id: string }) => [row.id, row]),
  )
  const { state } = await world.log.load(upgradeAggregate, id)
  if (!isWatched(state)) throw new Error(`The upgrade is ${JSON.stringify(state)}`)
  const { upgraded, control } = await pairsIn(world.services, state, 50)
  expect(upgraded.length).toBeGreaterThan(5)
  expect(control).toHaveLength(upgraded.length)
  expect(new Set([...upgraded, ...control]).size).toBe(2 * upgraded.length)
  for (const [place, one] of upgraded.entries()) {
    const other = control[place] ?? ''
    expect([one, rows.get(one)?.components.api]).toEqual([one, 'v1.2.0'])
    expect([other, rows.get(other)?.components.api]).toEqual([other, 'v1.1.0'])
    expect([other, rows.get(other)?.region]).toEqual([other, rows.get(one)?.region])
  }
  expect(await pairsIn(world.services, state, 50)).toEqual({ upgraded, control })
  expect((await pairsIn(world.services, state, 2)).control).toHaveLength(2)
})
