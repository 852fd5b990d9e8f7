import { describe, expect, it } from 'vitest'
import { isLasting, isPassing, LastingError, PassingError, SomeFailed } from '../../functions/errors.ts'
import { duties } from '../../functions/reactor/duties.ts'
import { reconcileAll } from '../../functions/reactor/reconcile.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { base, examples } from '../api/profile-examples.ts'
import { deployed, openWorld, type World } from '../api/world.ts'

class Unreadable extends LastingError {}
class Away extends PassingError {}

/** The services of a world, where whatever is read of these streams fails. */
function poisoned(
  { services }: World,
  ids: readonly string[],
  error: Error = new Unreadable('no such event'),
) {
  const { log } = services
  const load: typeof log.load = async (aggregate, id, options) => {
    if (ids.includes(id)) throw error
    return log.load(aggregate, id, options)
  }
  return { ...services, log: { ...log, load } }
}

/** Forty upgrades at work, of a target each. */
async function forty(): Promise<{ readonly world: World; readonly upgrades: readonly string[] }> {
  const world = openWorld()
  await world.fleet(40)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const upgrades: string[] = []
  for (const { id } of targets)
    upgrades.push(
      await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all', targets: { ids: [id] } }),
    )
  return { world, upgrades: upgrades.sort() }
}

const heldBy = async (world: World, code: string, upgrades: readonly string[]) => {
  const states = await Promise.all(upgrades.map((id) => world.upgrade(id)))
  return states.filter(({ holds }) => holds.some((hold) => hold.code === code)).length
}

describe('one upgrade among forty that cannot be told anything', () => {
  it('keeps the clock of no other from going on, and is named', async () => {
    const { world, upgrades } = await forty()
    const [, , , , , sixth = ''] = upgrades
    world.pass(2 * 86_400)
    const ticking = tickDue(poisoned(world, [sixth]))
    await expect(ticking).rejects.toThrow(`1 failed: ${sixth}. The first: Error: no such event`)
    await world.settle()
    const states = await Promise.all(upgrades.map((id) => world.upgrade(id)))
    expect(states.filter(({ counts }) => counts.unreachable === 1)).toHaveLength(39)
  })

  it('keeps a stop from reaching no other', async () => {
    const { world, upgrades } = await forty()
    const [first = ''] = upgrades
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' }, early: true })
    const commits = await Array.fromAsync(world.log.commits('policy#freeze'))
    const services = poisoned(world, [first])
    expect([...(await runDuties(commits, duties, services))]).toEqual([])
    expect(await services.parked.list()).toMatchObject([
      { duty: 'heed-stop', error: expect.stringContaining(`1 failed: ${first}`) },
    ])
    expect(await heldBy(world, 'FREEZE', upgrades)).toBe(39)
  })

  it('keeps reconcile from looking after no other, nor after any profile', async () => {
    const { world, upgrades } = await forty()
    await world.call('POST', base, { body: examples.weekly })
    await world.settle()
    world.schedules.all.clear()
    const services = { ...poisoned(world, [upgrades[0] ?? '']), viewStore: memoryViewStore() }
    await expect(reconcileAll(services, {})).rejects.toThrow(`1 failed: upgrade#${upgrades[0]}`)
    expect(world.schedules.all.size).toBe(2)
  })
})

describe('some that failed among many', () => {
  const failed = (...errors: Error[]) =>
    new SomeFailed(errors.map((error, place) => ({ what: `item ${place}`, error })))

  it('are tried again while any of them may pass, and lasting when all are', () => {
    const [mixed, lasting] = [
      failed(new Away(), new Unreadable()),
      failed(new Unreadable(), new Unreadable()),
    ]
    expect([isPassing(mixed), isLasting(mixed)]).toEqual([true, false])
    expect([isPassing(lasting), isLasting(lasting)]).toEqual([false, true])
  })

  it('are named, twenty of them at most', () => {
    const many = failed(...Array.from({ length: 25 }, () => new Unreadable('x')))
    expect(many.message).toMatch(/^25 failed: item 0, .* item 19 and 5 more\. The first: /)
  })
})
