import { describe, expect, test } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import type { TargetEvent } from '../../events/target.ts'
import { audit } from '../../functions/audit/audit.ts'
import type { History, Told } from '../../functions/audit/history.ts'
import { unexplained } from '../../functions/audit/left-out.ts'
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
  test('one that leaves out who is busy with another upgrade, though a third has skipped it meanwhile', () => {
    const of = (type: TargetEvent['type'], data: object) => ({ type, data }) as TargetEvent // what is read of it
    const told = (at: string, one: TargetEvent) =>
      [{ ...{ at, told: [one] } }] as unknown as Told<TargetEvent>[]
    const put = { component: 'api', outcome: 'succeeded', attempt: 'first', upgrade: 'taken-back' }
    const stream = [
      ...told('2026-01-05T10:00:00.000Z', of('TargetRegistered', { components: [['api', 'v1.1.0']] })),
      ...told('2026-01-05T10:00:10.000Z', of('AttemptAssigned', put)),
      ...told('2026-01-05T10:00:20.000Z', of('AttemptEnded', put)),
      ...told('2026-01-05T10:10:00.000Z', of('AttemptAssigned', { attempt: 'second', upgrade: 'other' })),
      ...told(
        '2026-01-05T10:10:10.000Z',
        of('AttemptEnded', { component: 'api', outcome: 'skipped', attempt: 'third', upgrade: 'a-third' }),
      ),
    ]
    const inFamily = (upgrade: string) => (upgrade === 'taken-back' ? ('try' as const) : undefined)
    const asked = { component: 'api', at: '2026-01-05T10:20:00.000Z', inFamily }
    const targets: History['targets'] = new Map([['a', stream]])
    expect(unexplained({ targets }, ['a'], { update_in_progress: 1 }, asked)).toEqual([])
    expect(unexplained({ targets }, ['a'], { pinned: 1 }, asked)).toEqual(['a'])
  })

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
