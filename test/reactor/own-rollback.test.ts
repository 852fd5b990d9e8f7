import { expect, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { report } from '../api/world.ts'
import { openProfileWorld, sunday, weekly } from './profile-world.ts'

test('a target that wants to be taken back is, though its profile takes nothing back, and alone', async () => {
  const { world, ...profiles } = await openProfileWorld(4)
  const id = await profiles.created()
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await world.advance(upgrade)
  const resource_assignments = [
    { resource_id: 'cust_0001', resource_type: 'customer', override_settings: { rollback_on_failure: true } },
  ]
  const path = `/api/v1/upgrade-profiles/${id}/assignments`
  await world.call('POST', path, { body: { resource_assignments } })
  await world.settle()
  await report(world, () => 'failed')
  await world.settle()
  const { children } = await profiles.upgrade(upgrade)
  expect(children).toMatchObject([{ kind: 'rollback', target: 'cust_0001' }])
  const child = children[0]?.child ?? ''
  await profiles.finish(child)
  expect(await profiles.upgrade(child)).toMatchObject({ status: 'completed', counts: { succeeded: 1 } })
})

test('a target that wants no rollback is left out of the automatic one, and the plan says so', async () => {
  const { world, ...profiles } = await openProfileWorld(3)
  const id = await profiles.created({
    ...weekly,
    upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1, rollback_on_failure: true },
  })
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await world.advance(upgrade)
  // The next may be admitted while the others are asked: only the first one is well.
  let asked = 0
  const [first = ''] = await report(world, () => (asked++ === 0 ? 'completed' : 'failed'))
  const resource_assignments = [
    { resource_id: first, resource_type: 'customer', override_settings: { rollback_on_failure: false } },
  ]
  const path = `/api/v1/upgrade-profiles/${id}/assignments`
  await world.call('POST', path, { body: { resource_assignments } })
  let child: string | undefined
  for (let round = 0; round < 40 && (await profiles.profile(id)).running; round++) {
    await world.advance(child ?? upgrade)
    child = (await profiles.upgrade(upgrade)).children[0]?.child
    await report(world, () => (child === undefined ? 'failed' : 'completed'))
    world.pass(300)
  }
  expect((await profiles.profile(id)).running).toBeNull()
  const plan = (await profiles.upgrade(child ?? '')).plan
  expect(plan?.leftOut).toEqual({ rollback_unwanted: 1 })
  expect(plan?.members).toBeGreaterThan(0)
  expect((await world.log.load(targetAggregate, first)).state.components).toEqual({ api: 'v1.2.0' })
})
