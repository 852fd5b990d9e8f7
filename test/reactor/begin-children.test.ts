import { expect, test } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { requestChild, requestOfChild } from '../../functions/domain/upgrade/children.ts'
import { exists } from '../../functions/domain/upgrade/state.ts'
import { driveUpgrade } from '../../functions/reactor/executions/drive.ts'
import { openWorld, report } from '../api/world.ts'

const cause = { actor: 'operator-1', correlation: 'cut short' }

/** Everybody is upgraded, by an upgrade whose name is the same each time. */
async function upgraded() {
  const world = openWorld()
  await world.fleet(2)
  const body = { component: 'api', version: 'v1.2.0', strategy: 'all' }
  const headers = { 'idempotency-key': 'deploy' }
  const reply = await world.call('POST', '/api/upgrades/deploy', { body, headers })
  const id: string = reply.body.upgradeId
  await world.advance(id)
  await report(world)
  await world.advance(id)
  await world.settle()
  return { world, id }
}

/** A rollback is noted, and whoever did so was cut short before the rollback began. */
async function cutShort(child: string) {
  const { world, id } = await upgraded()
  const { state } = await world.log.load(upgradeAggregate, id)
  if (!exists(state)) throw new Error('There is no upgrade.')
  const command = { parent: id, kind: 'rollback', by: 'operator-1', reason: 'it loses orders' } as const
  const request = requestOfChild(command, state, '2026-01-05T10:00:00.000Z')
  const note = requestChild({ child, kind: 'rollback', target: null, by: 'operator-1', request })
  await world.log.execute(upgradeAggregate, id, note, cause)
  const begun = async () => (await world.log.load(upgradeAggregate, child)).commit
  expect(await begun()).toBe(0)
  return { world, id, child, begun }
}

test('a child that was noted and not begun is begun by the reactor, and goes on by itself', async () => {
  const { world, child } = await cutShort('c1')
  await world.settle()
  await world.advance(child)
  expect(await report(world)).toEqual(['cust_0001', 'cust_0002'])
  await world.advance(child)
  expect((await world.upgrade(child)).status).toBe('completed')
})

test('or by the reconciliation, where the reactor has missed it', async () => {
  const { world, id, begun } = await cutShort('c1')
  await driveUpgrade(world.services, id, cause)
  expect(await begun()).toBe(1)
  await driveUpgrade(world.services, id, cause)
  expect(await begun()).toBe(1)
})

test('or by the same request once more', async () => {
  const rollBack = ({ world, id }: Awaited<ReturnType<typeof upgraded>>) =>
    world.call('POST', `/api/upgrades/${id}/rollback`, { headers: { 'idempotency-key': 'k1' }, early: true })
  const { body } = await rollBack(await upgraded())
  const other = await cutShort(body.upgradeId)
  const again = await rollBack(other)
  expect([again.status, again.body.upgradeId]).toEqual([202, body.upgradeId])
  expect(await other.begun()).toBe(1)
})
