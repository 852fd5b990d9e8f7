import { describe, expect, it } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { requestOf } from '../domain/upgrade/world.ts'
import { examples } from './profile-examples.ts'
import { approver, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const deploy = (world: World, body: object) => world.call('POST', '/api/upgrades/deploy', { body })
const plan = (world: World, body: object) => world.call('POST', '/api/upgrades/plan', { body })
const ids = (count: number) =>
  Array.from({ length: count }, (_, at) => `cust_${String(at + 1).padStart(4, '0')}`)

/** Lets the agent of one target say that it is through. */
async function completed(world: World, target: string): Promise<void> {
  const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
  const told = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z' }
  for (const status of ['in-progress', 'completed'])
    await world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status } })
}

const needsOne = (firstWave: number, fleet: number) => ({
  required: 1,
  reason: `The first wave takes ${firstWave} of the ${fleet} targets that run the component: a second person has to approve that.`,
})
const needsNone = { required: 0, reason: null }

describe('a first wave that takes much of the fleet at once (D6)', () => {
  it('waits for a second person, whatever was asked for, and says so', async () => {
    const world = openWorld()
    await world.fleet(120)
    expect((await plan(world, all)).body.approvals).toEqual(needsOne(120, 120))
    const { body } = await deploy(world, all)
    expect(body).toMatchObject({
      message: 'Upgrade for 120 customers waits for an approval',
      approvals: needsOne(120, 120),
    })
    const { upgradeId: id } = body
    expect(await world.advance(id)).toBe('approval')
    const read = (await world.call('GET', `/api/upgrades/${id}`)).body
    expect(read).toMatchObject({
      status: 'pending_approval',
      plan: { exposure: { approvals: 1, firstWave: 120, fleet: 120 } },
      holds: [{ code: 'APPROVAL' }],
    })
    const approve = { body: { planHash: read.planHash } }
    const path = `/api/upgrades/${id}/approve`
    const own = await world.call('POST', path, { ...approve, as: { user: 'operator-1', roles: ['admin'] } })
    expect([own.status, own.body.code]).toEqual([403, 'self-approval'])
    expect((await world.call('POST', path, { ...approve, as: approver })).body.message).toBe(
      'Approved: 1 of 1',
    )
    await world.advance(id)
    expect((await world.call('GET', `/api/upgrades/${id}/status`)).body.inProgress).toBe(120)
    // Taking it back must not wait for somebody to come to the office.
    await report(world)
    for (const target of ids(120).slice(100)) await completed(world, target)
    await world.advance(id)
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.advance(back.body.upgradeId)
    expect((await world.call('GET', `/api/upgrades/${back.body.upgradeId}`)).body).toMatchObject({
      status: 'in_progress',
      approvals: [],
    })
  })

  it('is bounded by both: targets alone are not much, nor is a share alone', async () => {
    const world = openWorld()
    await world.fleet(505)
    const exposes = async (body: object) => (await plan(world, { ...all, ...body })).body.approvals
    expect(await exposes({ targets: { ids: ids(100) } })).toEqual(needsNone)
    expect(await exposes({ targets: { ids: ids(101) } })).toEqual(needsNone)
    expect(await exposes({ targets: { ids: ids(102) } })).toEqual(needsOne(102, 505))
    expect(await exposes({ strategy: 'canary', canaryPercent: 20 })).toEqual(needsNone)
    expect(await exposes({ strategy: 'canary', canaryPercent: 21 })).toEqual(needsOne(107, 505))
    expect(await exposes({ strategy: 'batch', batchSize: 101 })).toEqual(needsNone)
    expect(await exposes({ strategy: 'batch', batchSize: 200 })).toEqual(needsOne(200, 505))
    // Retired ones, and those that run something else, are none of the fleet.
    for (const id of ids(4))
      await world.call('POST', `/api/v1/targets/${id}/retire`, { body: { reason: 'old' } })
    await world.call('POST', '/api/v1/targets', { body: { id: 'other', components: { web: 'v1.0.0' } } })
    await world.settle()
    expect(await exposes({ targets: { ids: ids(105).slice(4) } })).toEqual(needsOne(101, 501))
  })

  it('asks for no more than was asked for anyway', async () => {
    const world = openWorld()
    await world.fleet(120)
    const asked = { ...all, approvals: { required: 2 } }
    expect((await deploy(world, asked)).body.approvals).toEqual({ required: 2, reason: null })
  })

  it('answers a repeat as the first time, and gives the same hash dry and in earnest', async () => {
    const world = openWorld()
    await world.fleet(120)
    const headers = { 'idempotency-key': 'once' }
    const first = await world.call('POST', '/api/upgrades/deploy', { body: all, headers })
    const again = await world.call('POST', '/api/upgrades/deploy', { body: all, headers })
    expect(again.body).toEqual(first.body)
    const read = (await world.call('GET', `/api/upgrades/${first.body.upgradeId}`)).body
    expect((await plan(world, all)).body.planHash).toBe(read.planHash)
  })

  it('is found as well by who plans it in the background, with nobody waiting for the answer', async () => {
    const world = openWorld()
    await world.fleet(120)
    const cause = { actor: 'operator-1', correlation: 'large' }
    const request = requestUpgrade({ request: requestOf(), by: 'operator-1' })
    await world.log.execute(upgradeAggregate, 'large', request, cause)
    expect(await world.advance('large')).toBe('approval')
    expect((await world.call('GET', '/api/upgrades/large')).body).toMatchObject({
      status: 'pending_approval',
      plan: { exposure: { firstWave: 120, fleet: 120 } },
    })
  })

  it('of a profile is bounded by the profile, which has approvals of its own', async () => {
    const world = openWorld()
    await world.fleet(120)
    await world.call('POST', '/api/v1/releases', {
      body: { component: 'publisher', version: 'v2.0.0', digest: `sha256:${'cd'.repeat(32)}` },
    })
    const targets = ids(120).map((id) => ({
      id: `p_${id}`,
      type: 'publisher',
      components: { publisher: 'v1.0.0' },
    }))
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    await world.settle()
    const profile = {
      ...examples.weekly,
      upgrade_settings: { ...examples.weekly.upgrade_settings, pre_upgrade_checks: false },
      resource_filters: { resource_types: ['publisher'] },
    }
    const { body } = await world.call('POST', '/api/v1/upgrade-profiles', { body: profile })
    const started = await world.call('POST', `/api/v1/upgrade-profiles/${body.id}/executions`, {
      body: { reason: 'CVE' },
    })
    const id = started.body.execution_id
    await world.advance(id)
    expect((await world.call('GET', `/api/upgrades/${id}`)).body).toMatchObject({ total: 120, inProgress: 3 })
  })
})
