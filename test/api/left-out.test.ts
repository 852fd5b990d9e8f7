import { describe, expect, it } from 'vitest'
import { approver, deployed, openWorld, report, upgraded, type World } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const admin = { user: 'admin-1', roles: ['admin'] } as const

const why = async (world: World, target: string, upgradeId?: string) =>
  (await world.call('GET', `/api/v1/targets/${target}/explain`, { query: upgradeId ? { upgradeId } : {} }))
    .body

const pin = (world: World, target: string) =>
  world.call('POST', `/api/v1/targets/${target}/pin`, { body: { reason: 'audit season' } })
const unpin = (world: World, target: string) => world.call('DELETE', `/api/v1/targets/${target}/pin`)

describe('a target that a plan has left out', () => {
  it('is told so, and why it was, whatever has become of it since', async () => {
    const world = openWorld()
    await world.fleet(3)
    await pin(world, 'cust_0002')
    const id = await deployed(world, everybody)
    world.pass(60)
    await unpin(world, 'cust_0002')
    const told = await why(world, 'cust_0002', id)
    expect([told.verdict, told.reasons[0].code]).toEqual(['blocked', 'pinned'])
    expect(told.sentence).toBe(`Upgrade ${id} left it out when it was planned (pinned): it was pinned.`)
    expect(told.reasons[0].unblock).toContain('somebody deploys another upgrade')
    // Nothing stands against the next one.
    expect((await why(world, 'cust_0002')).verdict).toBe('eligible')
  })

  it('is told so without naming the upgrade, as long as it would be left out again', async () => {
    const world = openWorld()
    await world.fleet(2)
    await world.call('PUT', '/api/v1/components/api/licensing', { as: admin, body: { required: true } })
    const id = 'ab'.repeat(32)
    await world.call('PUT', `/api/v1/licences/${id}`, { body: { label: 'Customer 1' } })
    await world.call('PUT', '/api/v1/targets/cust_0001/licence', { body: { licence: id } })
    const upgrade = await deployed(world, everybody)
    for (const told of [await why(world, 'cust_0002'), await why(world, 'cust_0002', upgrade)])
      expect([told.verdict, told.sentence]).toEqual([
        'blocked',
        `Upgrade ${upgrade} left it out when it was planned (not_entitled): it was without a licence for the release.`,
      ])
    world.pass(60)
    await world.call('PUT', '/api/v1/targets/cust_0002/licence', { body: { licence: id } })
    expect((await why(world, 'cust_0002')).verdict).toBe('eligible')
    expect((await why(world, 'cust_0002', upgrade)).reasons[0].code).toBe('not_entitled')
  })

  it('is told that the selection does not mean it, or that it was registered later', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, { ...everybody, targets: { ids: ['cust_0001'] } })
    expect((await why(world, 'cust_0002', id)).sentence).toBe(
      `It is no member of upgrade ${id}: its selection does not mean it.`,
    )
    world.pass(60)
    await world.call('POST', '/api/v1/targets', { body: { id: 'late', components: { api: 'v1.1.0' } } })
    expect((await why(world, 'late', id)).reasons[0].code).toBe('not_registered')
  })

  it('is told so of a rollback, by its name', async () => {
    const { world, id } = await upgraded(2)
    await pin(world, 'cust_0002')
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
    expect(back.body.leftOutCounts).toEqual({ pinned: 1 })
    // That it is pinned now comes first.
    const { reasons } = await why(world, 'cust_0002', back.body.upgradeId)
    expect(reasons.map(({ detail }: { detail: string }) => detail)).toEqual([
      'cust_0002 is pinned (every component): audit season',
      `Upgrade ${back.body.upgradeId} left it out when it was planned (pinned): it was pinned.`,
    ])
  })
})

describe('what stands against a release is said', () => {
  it('by its upgrade, the inbox and its targets, as long as it does', async () => {
    const { world, id: first } = await upgraded(3)
    const back = await world.call('POST', `/api/upgrades/${first}/rollback`, { body: { reason: 'it loses' } })
    await world.advance(back.body.upgradeId)
    await report(world)
    await world.advance(back.body.upgradeId)
    await pin(world, 'cust_0003')
    const asked = { ...everybody, approvals: { required: 1 } }
    const { upgradeId } = (await world.call('POST', '/api/upgrades/deploy', { body: asked })).body
    await world.advance(upgradeId)
    const held = { code: 'held_back', detail: expect.stringContaining('Taken back by operator-1: it loses') }
    expect((await world.call('GET', `/api/upgrades/${upgradeId}`)).body.againstRelease).toMatchObject([held])
    // What is taken back is no news of the rollback.
    expect((await world.call('GET', `/api/upgrades/${back.body.upgradeId}`)).body.againstRelease).toEqual([])
    const inbox = await world.call('GET', '/api/v1/approvals', { as: approver })
    expect(inbox.body.approvals).toMatchObject([
      { upgradeId, leftOutCounts: { pinned: 1 }, againstRelease: [held] },
    ])
    const ofMember = (await why(world, 'cust_0001')).reasons
    expect(ofMember).toContainEqual(expect.objectContaining({ code: 'release_held_back' }))
    await world.call('POST', `/api/upgrades/${upgradeId}/reject`, { as: approver, body: { reason: 'no' } })
    // Nobody holds it any more, and still nothing leads there by itself.
    expect((await why(world, 'cust_0001')).reasons).toContainEqual(
      expect.objectContaining({ code: 'release_held_back' }),
    )
    const free = '/api/v1/releases/api/v1.2.0/free'
    expect((await world.call('POST', free, { as: admin, body: { reason: 'mended' } })).status).toBe(200)
    expect((await world.call('GET', `/api/upgrades/${upgradeId}`)).body.againstRelease).toEqual([])
  })
})

describe('a target that has been offered and does not accept', () => {
  const offered = async (world: World) => {
    await world.fleet(1)
    const id = await deployed(world, everybody)
    await world.settle()
    return id
  }
  const agent = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } } as const
  const check = (world: World) => world.call('GET', '/api/v1/updates/check', { as: agent })

  it('is said to have had no agent, where none has ever enrolled, and a plan counts it', async () => {
    const world = openWorld()
    const id = await offered(world)
    const told = await why(world, 'cust_0001', id)
    expect([told.verdict, told.sentence]).toEqual([
      'offered',
      expect.stringContaining('No agent has ever enrolled for cust_0001.'),
    ])
    expect(told.reasons[0].unblock).toContain('An agent enrols')
    const body = { ...everybody, version: 'v1.3.0' }
    await world.fleet(3, 'v1.3.0')
    expect((await world.call('POST', '/api/upgrades/plan', { body })).body).toMatchObject({
      withoutAgent: 3,
    })
  })

  it('is counted among those that a plan takes alone, of a phase of a rollout too, and not where a procedure does it', async () => {
    const world = openWorld()
    await world.fleet(3, 'v1.3.0')
    await world.call('POST', '/api/v1/targets/cust_0001/pin', { body: { reason: 'audit season' } })
    await world.enrol('cust_0002')
    const body = { ...everybody, version: 'v1.3.0' }
    expect((await world.call('POST', '/api/upgrades/plan', { body })).body).toMatchObject({
      ...{ total: 2, withoutAgent: 1, leftOutCounts: { pinned: 1 } },
    })
    const phases = [{ name: 'first', ...body }]
    const planned = await world.call('POST', '/api/v1/rollouts/plan', { body: { name: 'All', phases } })
    expect(planned.body.phases).toMatchObject([{ total: 2, withoutAgent: 1, leftOutCounts: { pinned: 1 } }])
  })

  it('a rollout says whom its phases leave out, and why, where it explains itself', async () => {
    const world = openWorld()
    await world.fleet(3, 'v1.3.0')
    await world.call('POST', '/api/v1/targets/cust_0001/pin', { body: { reason: 'audit season' } })
    const phases = [{ name: 'first', ...everybody, version: 'v1.3.0' }]
    const body = { name: 'All', phases, approvals: { required: 1 } }
    const { rolloutId } = (await world.call('POST', '/api/v1/rollouts', { body })).body
    await world.advanceRollout(rolloutId)
    const explained = await world.call('GET', `/api/v1/rollouts/${rolloutId}/explain`)
    expect(explained.body.phases[0].why).toContain('Its plan leaves out: 1 pinned.')
  })

  it('is said to wait for its own window where its agent has asked since, and to be silent where it has not', async () => {
    const world = openWorld()
    await world.fleet(1)
    await check(world)
    world.pass(3600)
    const id = await offered(world)
    expect((await why(world, 'cust_0001', id)).sentence).toContain('last heard of at 2026-01-05T10:00:00')
    world.pass(3600)
    await check(world)
    const told = await why(world, 'cust_0001', id)
    expect(told.sentence).toMatch(/has asked since, at .*its maintenance window is closed/)
    expect(told.reasons[0].unblock).toContain('Its own window opens')
    // Of the past nobody knows who was heard of.
    const query = { upgradeId: id, at: '2026-01-05T11:30:00.000Z' }
    const past = await world.call('GET', '/api/v1/targets/cust_0001/explain', { query })
    expect(past.body.sentence).not.toContain('heard of')
  })
})
