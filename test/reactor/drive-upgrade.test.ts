import { expect, it } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { isAnswered } from '../../functions/reactor/duty.ts'
import { driveUpgrade } from '../../functions/reactor/executions/drive.ts'
import { startExecution } from '../../functions/reactor/executions/start.ts'
import { executionName } from '../../functions/workflow/workflow.ts'
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
  /** Delivers once more every commit that decided a generation. */
  const startAgain = async () => {
    const starting = world.log.records
      .map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
      .filter(({ stream }) => stream === `upgrade#${id}`)
      .filter((commit) => isAnswered(startExecution.answers, commit))
    for (const commit of starting) await startExecution.act(commit, world.services)
    return {
      started: [...world.services.executions.keys()],
      nameOf: (n: number) => executionName({ id, generation: n }),
    }
  }
  return { drive, startAgain, generation: async () => (await world.upgrade(id)).generation }
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

it('starts no generation any more that another has taken the place of, however late it hears of it', async () => {
  const { drive, startAgain } = await neverStarted()
  await drive(300)
  const { started, nameOf } = await startAgain()
  expect(started).toEqual([nameOf(2)])
})
