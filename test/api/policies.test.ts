import { describe, expect, it } from 'vitest'
import { type Caller, deployed, openWorld, report, type World } from './world.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }

const define = (world: World, name: string, body: object) =>
  world.call('PUT', `/api/v1/policies/${name}`, { as: admin, body })

const withdraw = (world: World, name: string) =>
  world.call('DELETE', `/api/v1/policies/${name}`, { as: admin, query: { reason: 'not needed any more' } })

const deploy = (world: World, body: object = {}) =>
  world.call('POST', '/api/upgrades/deploy', { body: { ...all, ...body } })

const plan = (world: World, body: object = {}) =>
  world.call('POST', '/api/upgrades/plan', { body: { ...all, ...body } })

async function openFleet(count = 3): Promise<World> {
  const world = openWorld()
  await world.fleet(count)
  return world
}

describe('M15: a policy', () => {
  it('is defined under its name by an administrator, read, changed and taken out of service', async () => {
    const world = openWorld()
    const body = { selector: { components: ['api'] }, blockedVersions: ['1.2.0'] }
    const first = await define(world, 'production', body)
    expect([first.status, first.body]).toMatchObject([
      201,
      { name: 'production', revision: 1, definedBy: 'admin-1', withdrawn: null },
    ])
    expect((await define(world, 'production', body)).body.revision).toBe(1)
    const second = await define(world, 'production', { ...body, blockedVersions: [] })
    expect([second.status, second.body.revision]).toEqual([200, 2])
    const read = await world.call('GET', '/api/v1/policies/production')
    expect(read.body.document.selector.components).toEqual(['api'])
    const gone = await withdraw(world, 'production')
    expect(gone.body.withdrawn).toMatchObject({ reason: 'not needed any more', by: 'admin-1' })
    const list = await world.call('GET', '/api/v1/policies')
    expect([list.body.count, list.body.policies[0].name]).toEqual([1, 'production'])
    expect((await withdraw(world, 'nowhere')).body.code).toBe('policy-not-found')
    expect((await world.call('GET', '/api/v1/policies/nowhere')).body.code).toBe('policy-not-found')
  })
})

describe('a blocked version', () => {
  it('is planned for nobody whom the policy binds, and the refusal says whose rule it is', async () => {
    const world = await openFleet()
    await define(world, 'no-more', { blockedVersions: ['1.2.0'] })
    for (const reply of [await plan(world), await deploy(world)]) {
      expect([reply.status, reply.body.code]).toEqual([422, 'policy-unmet'])
      expect(reply.body.errors).toEqual([
        {
          field: 'policies.no-more',
          value: 'version-blocked',
          expected: expect.stringContaining('another version'),
        },
      ])
    }
    await withdraw(world, 'no-more')
    expect((await deploy(world)).status).toBe(202)
  })

  it('that was planned before is handed to nobody, and goes on when it is blocked no more', async () => {
    const world = await openFleet()
    const id = await deployed(world)
    await define(world, 'no-more', { blockedVersions: ['1.2.0'] })
    await world.settle()
    const held = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(held.body.holds).toMatchObject([{ code: 'POLICY' }])
    expect(await report(world)).toEqual([])
    await withdraw(world, 'no-more')
    await world.settle()
    expect((await report(world)).length).toBeGreaterThan(0)
  })

  it('binds no upgrade that its selector leaves out', async () => {
    const world = await openFleet()
    await define(world, 'eu', { selector: { regions: ['eu'] }, blockedVersions: ['1.2.0'] })
    expect((await plan(world)).body.code).toBe('policy-unmet')
    expect((await plan(world, { targets: { regions: ['us'] } })).body.code).toBe('nothing-to-upgrade')
  })
})
