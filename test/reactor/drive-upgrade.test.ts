import { expect, it } from 'vitest'
import { driveUpgrade } from '../../functions/reactor/executions/drive.ts'
import { openWorld } from '../api/world.ts'

/** A deploy whose execution Step Functions has never heard of. */
async function neverStarted() {
  const world = openWorld()
  await world.fleet(1)
  const body = { component: 'api', version: 'v1.2.0', strategy: 'all' }
  const { body: answer } = await world.call('POST', '/api/upgrades/deploy', { body })
  const id: string = answer.upgradeId
  const { requestedAt } = await world.upgrade(id)
  world.services.executions.clear()
  const drive = (secondsLater: number) => {
    const services = { ...world.services, now: () => Date.parse(requestedAt) + secondsLater * 1000 }
    return driveUpgrade(services, id, { actor: 'drydock', correlation: 'reconcile' })
  }
  return { drive, generation: async () => (await world.upgrade(id)).generation }
}

it('gives the reactor five minutes to start what was decided', async () => {
  const { drive, generation } = await neverStarted()
  await drive(299)
  expect(await generation()).toBe(1)
})

it('starts the next generation when an execution was never started', async () => {
  const { drive, generation } = await neverStarted()
  await drive(300)
  expect(await generation()).toBe(2)
})
