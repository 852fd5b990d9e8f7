import { expect, test } from 'vitest'
import { lookAt } from '../../functions/reactor/healer.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { settlesExecutions } from '../../functions/reactor/profiles/summarise.ts'
import { digest } from '../api/world.ts'
import { dying } from '../log/watched.ts'
import { actOn } from './memory-services.ts'
import { openProfileWorld, sunday, weekly } from './profile-world.ts'

const types = ['publisher', 'local_broker']

/** The first of two components of a profile has been upgraded; whoever summarised it was gone before the second had its turn. */
async function cutShort() {
  const profiles = await openProfileWorld()
  const { world } = profiles
  for (const component of types)
    await world.call('POST', '/api/v1/releases', { body: { component, version: '4.2.1', digest } })
  const targets = types.map((type) => ({ id: `${type}-1`, type, components: { [type]: '4.1.0' } }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  const id = await profiles.created({
    ...weekly,
    upgrade_settings: { ...weekly.upgrade_settings, component: null },
    resource_filters: { resource_types: types },
  })
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const first = upgradeOfWindow(id, sunday)
  world.givenUp.add('summarise-upgrades')
  await profiles.finish(first)
  const commits = await Array.fromAsync(world.log.commits(`upgrade#${first}`))
  const end = commits.find(({ events }) => events.some(({ type }) => type === 'UpgradeCompleted'))
  if (!end) throw new Error('It has not ended.')
  const dies = { ...world.services, log: dying(world.log, 1) }
  await expect(actOn(end, dies, 'summarise-upgrades')).rejects.toThrow('gone')
  world.givenUp.clear()
  const stands = async () => {
    const { running, summaries } = await profiles.profile(id)
    return [summaries.length, running?.upgrade]
  }
  expect(await stands()).toEqual([1, undefined])
  return { profiles, world, id, end, stands, second: upgradeOfWindow(id, first) }
}

test('the next component has its turn when the record comes again', async () => {
  const { world, end, stands, second } = await cutShort()
  await actOn(end, world.services, 'summarise-upgrades')
  await actOn(end, world.services, 'summarise-upgrades')
  expect(await stands()).toEqual([1, second])
})

test('or when it never does and the reconciliation looks, as long as the window is open', async () => {
  const { world, id, stands, second } = await cutShort()
  const cause = { actor: 'drydock', correlation: 'reconcile' }
  const look = () =>
    settlesExecutions.heal(world.services, lookAt(world.services, { stream: `profile#${id}`, id }, cause))
  await look()
  await look()
  expect(await stands()).toEqual([1, second])
})

test('but not once it has closed', async () => {
  const { profiles, world, end, stands } = await cutShort()
  profiles.at('2026-01-11T06:00:00.000Z')
  await actOn(end, world.services, 'summarise-upgrades')
  expect(await stands()).toEqual([1, undefined])
})
