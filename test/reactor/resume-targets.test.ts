import { expect, it } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { startWave } from '../../functions/domain/upgrade/execution.ts'
import { admissionFacts } from '../../functions/facts/admission.ts'
import { openWorld } from '../api/world.ts'
import { actOn } from './memory-services.ts'

/** A deploy to three targets, all of them admitted, with the reactor still behind. */
async function behind() {
  const world = openWorld()
  const { log } = world
  await world.fleet(3)
  const body = { component: 'api', version: 'v1.2.0', strategy: 'all' }
  const { body: answer } = await world.call('POST', '/api/upgrades/deploy', { body })
  const id: string = answer.upgradeId
  await world.settle()
  const { state } = await log.load(upgradeAggregate, id)
  const first = startWave({ wave: 0, generation: 1 }, await admissionFacts(world.services, id, state))
  await log.execute(upgradeAggregate, id, first, { actor: 'drydock', correlation: id })
  const react = async (stream: string, type: string) => {
    const commits = await Array.fromAsync(log.commits(stream))
    const commit = commits.find(({ events }) => events.some((event) => event.type === type))
    if (!commit) throw new Error(`no commit with ${type}`)
    await actOn(commit, world.services)
  }
  return {
    say: (word: 'pause' | 'resume') => world.call('POST', `/api/upgrades/${id}/${word}`, { early: true }),
    /** Lets the reactor come to the commit with this event, and see whatever the log holds by then. */
    async reach(type: string) {
      await react(`upgrade#${id}`, type)
    },
    async stop(method: 'POST' | 'DELETE') {
      const path = method === 'POST' ? '/api/v1/stop' : '/api/v1/stop/stop-1'
      await world.call(method, path, {
        [method === 'POST' ? 'body' : 'query']: { reason: 'incident' },
        early: true,
      })
    },
    /** Lets the reactor come to the stop's own commit. */
    async reachStop(type: string) {
      await react('policy#freeze', type)
    },
    async assigned() {
      const targets = ['cust_0001', 'cust_0002', 'cust_0003']
      const states = await Promise.all(targets.map((target) => log.load(targetAggregate, target)))
      return states.filter(({ state }) => state.active?.upgrade === id).length
    },
  }
}

it('assigns what was neither assigned nor withdrawn, as the pause was over when the reactor came to it', async () => {
  const { say, reach, assigned } = await behind()
  await say('pause')
  await reach('TargetsAdmitted')
  await say('resume')
  await reach('UpgradePaused')
  expect(await assigned()).toBe(0)

  await reach('UpgradeResumed')

  expect(await assigned()).toBe(3)
})

it('assigns nothing when it is paused once more by then', async () => {
  const { say, reach, assigned } = await behind()
  await say('pause')
  await reach('TargetsAdmitted')
  await say('resume')
  await say('pause')

  await reach('UpgradeResumed')

  expect(await assigned()).toBe(0)
})

it('assigns what a stop held back that was lifted before any upgrade noticed it', async () => {
  const { stop, reach, reachStop, assigned } = await behind()
  await stop('POST')
  await reach('TargetsAdmitted')
  await stop('DELETE')
  await reachStop('FreezePlaced')
  expect(await assigned()).toBe(0)

  await reachStop('FreezeLifted')

  expect(await assigned()).toBe(3)
})
