import { describe, expect, it } from 'vitest'
import { examples } from './profile-examples.ts'
import { deployed, openWorld, type World } from './world.ts'

/** In how many seconds each of so many agents is to ask again. */
async function paces(world: World, count = 20): Promise<number[]> {
  const found: number[] = []
  for (let number = 1; number <= count; number++) {
    const target = `cust_${String(number).padStart(4, '0')}`
    const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
    const { body } = await world.call('GET', '/api/v1/updates/check', { as })
    found.push(body.nextCheckSeconds)
  }
  return found
}
const range = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const

describe('an agent is told when to ask again', () => {
  it('seldom while nothing is planned, and not in step with the others', async () => {
    const world = openWorld()
    await world.fleet(20)
    const [least, most] = range(await paces(world))
    expect([least >= 810, most <= 990, most - least > 60]).toEqual([true, true, true])
    expect(await paces(world)).toEqual(await paces(world))
  })

  it('sooner while an upgrade is at work, and seldom again when it is over', async () => {
    const world = openWorld()
    await world.fleet(20)
    const id = await deployed(world)
    const [least, most] = range(await paces(world))
    expect([least >= 270, most <= 330]).toEqual([true, true])
    await world.call('POST', `/api/upgrades/${id}/pause`)
    world.pass(121)
    expect(range(await paces(world))[0]).toBeGreaterThanOrEqual(810)
  })

  it('just after the next window opens, where that is soon', async () => {
    const world = openWorld()
    await world.fleet(20)
    await world.call('POST', '/api/v1/upgrade-profiles', { body: examples.weekly })
    expect(range(await paces(world))[0]).toBeGreaterThanOrEqual(810)
    world.pass(Date.parse('2026-01-11T07:00:00Z') / 1000 - Date.parse('2026-01-05T10:00:00Z') / 1000 - 300)
    const [least, most] = range(await paces(world))
    expect([least >= 300, most <= 600, most - least > 60]).toEqual([true, true, true])
  })

  it('as if one were at work where nobody can tell', async () => {
    const world = openWorld()
    await world.fleet(1)
    world.services.views.listUpgrades = async () => {
      throw new Error('no answer')
    }
    const [least, most] = range(await paces(world, 1))
    expect([least >= 270, most <= 330]).toEqual([true, true])
  })

  it('in the answer about members of a gateway too', async () => {
    const world = openWorld()
    await world.fleet(1)
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    const { body } = await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
    expect(body).toMatchObject({ count: 0, nextCheckSeconds: expect.any(Number) })
  })
})
