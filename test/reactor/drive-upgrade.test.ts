import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn'
import { mockClient } from 'aws-sdk-client-mock'
import { expect, it } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { driveUpgrade } from '../../functions/reactor/drive-upgrade.ts'
import { openWorld } from '../api/world.ts'

/** A deploy whose execution Step Functions has never heard of. */
async function neverStarted() {
  const world = openWorld()
  const { log } = world
  await world.fleet(1)
  const body = { component: 'api', version: 'v1.2.0', strategy: 'all' }
  const { body: answer } = await world.call('POST', '/api/upgrades/deploy', { body })
  const id: string = answer.upgradeId
  const { state } = await log.load(upgradeAggregate, id)
  const missing = Object.assign(new Error('no such execution'), { name: 'ExecutionDoesNotExist' })
  mockClient(SFNClient).on(DescribeExecutionCommand).rejects(missing)
  const drive = (secondsLater: number) =>
    driveUpgrade(
      {
        log,
        client: () => new SFNClient({}),
        machine: () => 'arn:aws:states:eu-central-1:000000000000:stateMachine:upgrade',
        now: () => Date.parse(state.generationAt ?? '') + secondsLater * 1000,
      },
      id,
      'reconcile',
    )
  return { drive, generation: async () => (await log.load(upgradeAggregate, id)).state.generation }
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
