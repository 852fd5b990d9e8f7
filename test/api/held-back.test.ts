import { describe, expect, it } from 'vitest'
import { deployed, openWorld, report, upgraded, viewer, type World } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const release = '/api/v1/releases/api/v1.2.0'

const heldBack = async (world: World) => (await world.call('GET', release)).body.heldBack
const plan = (world: World, version: string) =>
  world.call('POST', '/api/upgrades/plan', { body: { ...everybody, version } })

const wholeFleet = { code: 'whole_fleet', detail: expect.any(String), field: 'targets', value: null }

describe('a version that was taken back', () => {
  it.each<[string, object, string, (world: World, id: string) => Promise<unknown>]>([
    [
      'by a person',
      {},
      'Taken back by operator-1: it loses orders',
      async (world, id) => {
        const body = { reason: 'it loses orders' }
        return world.call('POST', `/api/upgrades/${id}/rollback`, { body })
      },
    ],
    [
      'by an abort that takes back',
      { strategy: 'batch', batchSize: 1, parallel: 1 },
      'Taken back by operator-1: enough',
      async (world, id) => {
        await report(world)
        await world.call('POST', `/api/upgrades/${id}/abort`, { body: { reason: 'enough', rollBack: true } })
      },
    ],
    [
      'by a breach of which nothing was left to take back',
      { failureThreshold: { percent: 0, action: 'rollback' } },
      'Taken back by drydock: 1 failures in wave 1, 0 allowed',
      async (world) => report(world, () => 'rolled-back'),
    ],
  ])('%s is held back, and shown so', async (_, settings, reason, takeBack) => {
    const world = openWorld()
    await world.fleet(2)
    await world.fleet(0, 'v1.1.0')
    const id = await deployed(world, { ...everybody, ...settings })
    if (Object.keys(settings).length === 0) await report(world)
    world.pass(60)
    await takeBack(world, id)
    await world.settle()
    const held = { reason: expect.stringContaining(reason.replace('1 failures', '1')), upgradeId: id }
    expect(await heldBack(world)).toMatchObject({ upgradeId: id, since: '2026-01-05T10:01:00.000Z' })
    expect((await heldBack(world)).reason).toBe(reason.replace('1 failures', '1 failed'))
    const list = await world.call('GET', '/api/v1/releases')
    const [old, bad] = list.body.releases
    expect([old.version, old.heldBack, bad.version]).toEqual(['v1.1.0', null, 'v1.2.0'])
    expect(bad.heldBack).toMatchObject({ upgradeId: held.upgradeId })
  })

  it('is not held back because one customer was taken back', async () => {
    const { world, id } = await upgraded(2)
    expect((await world.call('POST', `/api/upgrades/${id}/rollback/cust_0001`)).status).toBe(202)
    expect(await heldBack(world)).toBeNull()
  })

  it('is not held back where an abort that takes back finds that nothing has begun', async () => {
    const world = openWorld()
    await world.fleet(2)
    const waits = { ...everybody, approvals: { required: 1 } }
    const { body } = await world.call('POST', '/api/upgrades/deploy', { body: waits })
    await world.call('POST', `/api/upgrades/${body.upgradeId}/abort`, {
      body: { reason: 'no', rollBack: true },
    })
    await world.advance(body.upgradeId)
    expect(await heldBack(world)).toBeNull()
  })

  it('is chosen by no moving word until somebody frees it with a reason', async () => {
    const { world, id } = await upgraded(2)
    await world.call('POST', '/api/v1/targets', { body: { id: 'cust_0009', components: { api: 'v1.0.0' } } })
    await world.call('POST', `/api/upgrades/${id}/rollback`)
    for (const word of ['latest', 'stable'])
      expect((await plan(world, word)).body).toMatchObject({
        version: 'v1.1.0',
        warnings: [
          wholeFleet,
          { code: 'held_back', field: 'version', value: word, detail: expect.stringContaining('api v1.2.0') },
        ],
      })
    const denied = await world.call('POST', `${release}/free`, { as: viewer, body: { reason: 'it was I' } })
    expect(denied.status).toBe(403)
    const none = await world.call('POST', `${release}/free`, { body: {} })
    expect([none.status, none.body.code]).toEqual([400, 'validation-failed'])
    const freed = await world.call('POST', `${release}/free`, { body: { reason: 'it was the disk' } })
    expect([freed.status, freed.body.heldBack]).toEqual([200, null])
    const chosen = await plan(world, 'latest')
    expect([chosen.body.version, chosen.body.warnings]).toEqual(['v1.2.0', [wholeFleet]])
  })

  it('is deployed where it is named, with a warning in the answers of plan and deploy', async () => {
    const { world, id } = await upgraded(2)
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.advance(back.body.upgradeId)
    await report(world)
    await world.advance(back.body.upgradeId)
    const warnings = [
      wholeFleet,
      {
        ...{ code: 'held_back', field: 'version', value: 'v1.2.0' },
        detail: expect.stringMatching(/^api v1\.2\.0 is held back since .* \(Taken back by operator-1.*free/),
      },
    ]
    expect((await plan(world, 'v1.2.0')).body.warnings).toEqual(warnings)
    const reply = await world.call('POST', '/api/upgrades/deploy', { body: everybody })
    expect([reply.status, reply.body.warnings]).toEqual([202, warnings])
  })

  it('leaves a moving word without a release where there is no other', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await deployed(world, everybody)
    await report(world)
    await world.call('POST', `/api/upgrades/${id}/rollback`)
    const reply = await plan(world, 'latest')
    expect([reply.status, reply.body.code]).toEqual([422, 'release-held-back'])
  })
})
