import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { NotInTheLog } from '../../functions/errors.ts'
import { overtakenOf } from '../../functions/facts/overtaken.ts'
import { deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all', failureThreshold: { percent: 100 } }
const broken = 'cust_0002'

/** Lets the stream of one thing be broken for good: whoever folds it meets the same error each time. */
function breakStream(world: Pick<World, 'log'>, broken: string): void {
  const { load } = world.log
  world.log.load = async (aggregate, id, options) => {
    if (id === broken) throw new NotInTheLog(`The beginning of ${id}`)
    return load(aggregate, id, options)
  }
}

let told: MockInstance<typeof console.error>
beforeEach(() => {
  told = vi.spyOn(console, 'error').mockReturnValue()
})
afterEach(() => told.mockRestore())

const named = (what: string) => expect(told).toHaveBeenCalledWith(expect.objectContaining({ what }))

describe('one stream that cannot be read', () => {
  it('is left out by name where targets are named, and keeps no other from being upgraded', async () => {
    const world = openWorld()
    await world.fleet(3)
    breakStream(world, broken)
    const body = { ...all, targets: { ids: ['cust_0001', broken, 'cust_0003'] } }
    const reply = await world.call('POST', '/api/upgrades/deploy', { body })
    expect([reply.status, reply.body.leftOutCounts]).toEqual([202, { unreadable: 1 }])
    named(`target ${broken}`)
  })

  it.each([
    ['taken back', 'rollback', 'completed', 2],
    ['tried again', 'retry-failed', 'failed', 2],
  ] as const)('keeps no other from being %s', async (_, path, outcome, taken) => {
    const world = openWorld()
    await world.fleet(3)
    await world.fleet(0, 'v1.1.0')
    const id = await deployed(world, all)
    await report(world, () => outcome)
    await world.advance(id)
    breakStream(world, broken)
    const reply = await world.call('POST', `/api/upgrades/${id}/${path}`)
    expect([reply.status, reply.body.leftOutCounts]).toEqual([202, { unreadable: 1 }])
    await world.settle()
    const child = (await world.call('GET', `/api/upgrades/${reply.body.upgradeId}`)).body
    expect(child.total).toBe(taken)
    named(`target ${broken}`)
  })

  it('hides no other that waits for a person', async () => {
    const world = openWorld()
    await world.fleet(2)
    await world.fleet(0, 'v1.3.0')
    const first = await deployed(world, { ...all, approvals: { required: 1 } })
    const second = await deployed(world, { ...all, version: 'v1.3.0', approvals: { required: 1 } })
    await world.settle()
    breakStream(world, second)
    const { status, body } = await world.call('GET', '/api/v1/approvals')
    expect(status).toBe(200)
    expect(body.approvals.map(({ upgradeId }: { upgradeId: string }) => upgradeId)).toEqual([first])
    named(`upgrade ${second}`)
  })

  it('hides no notification, of which it is not said any more how what it tells of stands', async () => {
    const world = openWorld()
    const at = new Date(world.services.now()).toISOString()
    const told = (id: string) => ({
      ...{
        id: `${at}_${id}`,
        severity: 'info' as const,
        title: 'An upgrade',
        description: 'It is complete.',
      },
      ...{ version: null, link: `/console#/upgrades/${id}`, actions: [], at },
    })
    await world.services.inbox.put(told('broken'))
    await world.services.inbox.put(told('whole'))
    breakStream(world, 'broken')
    const { status, body } = await world.call('GET', '/api/v1/notifications')
    expect([status, body.count]).toEqual([200, 2])
    named('/console#/upgrades/broken')
  })

  it('does not count as one that still runs what was put there', async () => {
    const world = openWorld()
    await world.fleet(3)
    const upgrade = await deployed(world, all)
    await report(world)
    await world.advance(upgrade)
    const phase = { kind: 'deploy', upgrade, end: { succeeded: 3 } } as Parameters<typeof overtakenOf>[1] // what is read of it
    expect(await overtakenOf(world.log, phase)).toBe(0)
    breakStream(world, broken)
    expect(await overtakenOf(world.log, phase)).toBe(1)
    named(`target ${broken}`)
  })
})
