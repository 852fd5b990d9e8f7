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
    const id = await deployed(world, all)
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

describe('approvals that a policy asks for', () => {
  const approve =
    (world: World, id: string, user: string, role = 'approver') =>
    async () => {
      const planHash = (await world.upgrade(id)).plan?.planHash
      return world.call('POST', `/api/upgrades/${id}/approve`, {
        as: { user, roles: [role] },
        body: { planHash },
      })
    }
  const statusOf = async (world: World, id: string) => (await world.upgrade(id)).status

  it('are waited for beside those of the request, and each is met by those whom it means', async () => {
    const world = await openFleet()
    await define(world, 'security', { approvals: { required: 1, approvers: ['eve', 'sam'] } })
    await define(world, 'two-admins', { approvals: { required: 2, role: 'admin' } })
    const dry = await plan(world)
    expect(dry.body.approvals).toEqual({
      required: 2,
      reason: 'Policy security asks for 1. Policy two-admins asks for 2.',
    })
    const asked = await deploy(world, { approvals: { required: 1, approvers: ['bob', 'root-1'] } })
    expect(asked.body.message).toContain('waits for 2 approvals')
    const id = asked.body.upgradeId
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('pending_approval')
    expect((await approve(world, id, 'operator-1', 'admin')()).body.code).toBe('self-approval')
    expect((await approve(world, id, 'mallory')()).body.code).toBe('not-an-approver')
    const first = await approve(world, id, 'root-1', 'admin')()
    expect(first.body.message).toBe(
      'Approved: 1 of 1, 0 of 1 for policy security, 1 of 2 for policy two-admins',
    )
    const again = await approve(world, id, 'root-1', 'admin')()
    expect(again.body.message).toBe(first.body.message)
    expect((await approve(world, id, 'eve')()).status).toBe(200)
    expect(await statusOf(world, id)).toBe('pending_approval')
    // All that is lacking is an administrator: no other approval counts for anything.
    expect((await approve(world, id, 'sam')()).body.code).toBe('not-an-approver')
    expect((await approve(world, id, 'root-2', 'admin')()).status).toBe(200)
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('running')
  })

  it('are asked for anew by what is in force when it would begin, and those that there are count', async () => {
    const world = await openFleet()
    const asked = await deploy(world, { approvals: { required: 1 } })
    const id = asked.body.upgradeId
    await world.advance(id)
    await define(world, 'security', { approvals: { required: 1, approvers: ['eve'] } })
    await approve(world, id, 'bob')()
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('pending_approval')
    await define(world, 'security', { approvals: { required: 1, approvers: ['bob'] } })
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('running')
  })

  it('bind what is defined a moment before it begins, and no more what has begun', async () => {
    const world = await openFleet()
    const { body } = await deploy(world)
    await define(world, 'security', { approvals: { required: 1, approvers: ['eve'] } })
    await world.advance(body.upgradeId)
    expect(await statusOf(world, body.upgradeId)).toBe('pending_approval')
    await withdraw(world, 'security')
    await world.advance(body.upgradeId)
    expect(await statusOf(world, body.upgradeId)).toBe('running')
    await define(world, 'security', { approvals: { required: 1, approvers: ['eve'] } })
    await world.settle()
    expect((await report(world)).length).toBe(3)
  })

  it('that nobody could give are refused when they are asked for', async () => {
    const world = await openFleet()
    await define(world, 'alone', { approvals: { required: 1, approvers: ['operator-1'] } })
    const { status, body } = await deploy(world)
    expect([status, body.code, body.errors[0].field]).toEqual([422, 'policy-unmet', 'policies.alone'])
    const never = { approvals: { required: 2, approvers: ['eve', 'eve'] } }
    expect((await define(world, 'never', never)).body.errors[0].field).toBe('approvals.approvers')
  })

  it('stand in the inbox for whoever may give them', async () => {
    const world = await openFleet()
    await define(world, 'two-admins', { approvals: { required: 2, role: 'admin' } })
    await deployed(world)
    const inboxOf = async (user: string, role: string) =>
      (await world.call('GET', '/api/v1/approvals', { as: { user, roles: [role] } })).body.approvals[0]
    expect(await inboxOf('root-1', 'admin')).toMatchObject({ needed: 2, given: 0, youMay: true })
    expect(await inboxOf('bob', 'approver')).toMatchObject({ youMay: false, may: { roles: ['admin'] } })
  })

  it('lapse when the time of the policy is over', async () => {
    const world = await openFleet()
    await define(world, 'security', { approvals: { required: 1, expiresInSeconds: 3600 } })
    const id = await deployed(world, all)
    world.pass(3601)
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('expired')
  })

  it('are not waited for by what takes back, or tries again what was approved', async () => {
    const world = await openFleet()
    const failures = { failureThreshold: { percent: 100 } }
    const id = await deployed(world, { ...all, ...failures })
    await report(world, (target) => (target === 'cust_0001' ? 'failed' : 'completed'))
    await world.advance(id)
    await define(world, 'security', { approvals: { required: 1 }, blockedVersions: ['1.1.0'] })
    const again = await world.call('POST', `/api/upgrades/${id}/retry-failed`)
    await world.advance(again.body.upgradeId)
    expect(await report(world)).toEqual(['cust_0001'])
    await world.advance(again.body.upgradeId)
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.advance(back.body.upgradeId)
    expect((await report(world)).length).toBe(3)
  })
})
