import { describe, expect, test } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { deployed, openWorld, report, type World } from '../api/world.ts'

const all = {
  ...{ component: 'api', version: 'v1.2.0', strategy: 'all' },
  failureThreshold: { percent: 100 },
}

/** So many customers ran v1.1.0, which is registered too, and were offered v1.2.0: some of them refused it. */
async function upgraded(count: number, refused: readonly string[] = []) {
  const world = openWorld()
  await world.fleet(count)
  await world.fleet(0, 'v1.1.0')
  const id = await deployed(world, all)
  await report(world, (target) => (refused.includes(target) ? 'rejected' : 'completed'))
  await world.advance(id)
  return { world, id }
}

/** Asks an upgrade for a child, and returns its id. */
async function begun(world: World, id: string, path: string, body: object = {}): Promise<string> {
  const reply = await world.call('POST', `/api/upgrades/${id}/${path}`, { body })
  if (reply.status !== 202) throw new Error(JSON.stringify(reply.body))
  await world.advance(reply.body.upgradeId)
  return reply.body.upgradeId
}

/** Returns what the audit has against what a world has written. Here waves are started in nobody's name (I12). */
async function found({ log }: World): Promise<string[]> {
  const { findings } = await audit(log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
  return findings.flatMap(({ invariant, words }) => (invariant === 'I12' ? [] : [`${invariant} ${words}`]))
}

describe('the audit has nothing against', () => {
  test('a rollback after a retry, which takes back whom either changed', async () => {
    const { world, id } = await upgraded(3, ['cust_0002'])
    const retry = await begun(world, id, 'retry-failed')
    await report(world)
    await world.advance(retry)
    const back = await begun(world, id, 'rollback')
    await report(world)
    await world.advance(back)
    expect(await found(world)).toEqual([])
    expect(await world.upgrade(back)).toMatchObject({ counts: { succeeded: 3 } })
  })

  test('one beside a pinned customer, which takes back whom a retry changed', async () => {
    const { world, id } = await upgraded(3, ['cust_0002'])
    const retry = await begun(world, id, 'retry-failed')
    await report(world)
    await world.advance(retry)
    await world.call('POST', '/api/v1/targets/cust_0001/pin', { body: { reason: 'audit season' } })
    const back = await begun(world, id, 'rollback')
    await report(world)
    await world.advance(back)
    expect(await found(world)).toEqual([])
    expect(await world.upgrade(back)).toMatchObject({ counts: { succeeded: 2 } })
  })

  test('one whose release is withdrawn while it is under way: nobody else is sent there', async () => {
    const { world, id } = await upgraded(2)
    const back = await begun(world, id, 'rollback', { parallel: 1 })
    await world.call('POST', '/api/v1/releases/api/v1.1.0/withdraw', { body: { reason: 'a hole' } })
    world.pass(60)
    await report(world)
    await world.advance(back)
    await report(world)
    await world.advance(back)
    expect(await found(world)).toEqual([])
    expect(await world.upgrade(back)).toMatchObject({ counts: { succeeded: 1, skipped: 1 } })
  })
})
