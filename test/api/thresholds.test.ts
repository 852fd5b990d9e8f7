import { describe, expect, it } from 'vitest'
import { planMembers } from '../../functions/facts/plan-members.ts'
import { base } from './profile-examples.ts'
import { approver, deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const failing = () => 'failed'

const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body

const say = (world: World, id: string, word: string, body?: object) =>
  world.call('POST', `/api/upgrades/${id}/${word}`, body && { body })

describe('a wave in which nobody ran', () => {
  it('lets nothing follow by itself: canaries that were retired, and autoContinue', async () => {
    const world = openWorld()
    await world.fleet(20)
    const asked = {
      ...all,
      strategy: 'canary',
      canaryPercent: 10,
      autoContinue: true,
      approvals: { required: 1 },
    }
    const reply = await world.call('POST', '/api/upgrades/deploy', { body: asked })
    const id: string = reply.body.upgradeId
    await world.advance(id)
    const { body: plan } = await world.call('POST', '/api/upgrades/plan', { body: asked })
    for (const { targetId } of plan.members.filter(({ wave }: { wave: number }) => wave === 1))
      await world.call('POST', `/api/v1/targets/${targetId}/retire`, { body: { reason: 'scrapped' } })
    const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
    await world.call('POST', `/api/upgrades/${id}/approve`, {
      as: { user: 'approver-1', roles: ['approver'] },
      body: { planHash },
    })
    await world.advance(id)
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({
      status: 'paused',
      inProgress: 0,
      holds: [{ code: 'GATE_INCONCLUSIVE' }, { code: 'OPERATOR', ref: 'nobody has succeeded yet' }],
    })
    expect((await say(world, id, 'resume')).status).toBe(200)
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'in_progress', inProgress: 18 })
  })

  it('lets nothing follow in a profile either: its canaries were retired, and the other 18 stay where they are', async () => {
    const world = openWorld({ heard: true })
    await world.fleet(20)
    const profile = {
      name: 'sundays',
      schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
      upgrade_settings: {
        ...{ target_version: 'v1.2.0', component: 'api', canary_percentage: 10, parallel_upgrades: 10 },
        ...{ pre_upgrade_checks: false, rollback_on_failure: false },
      },
      resource_filters: { resource_types: ['customer'] },
      approvals: { required: 1 },
    }
    const { id: named } = (await world.call('POST', base, { body: profile })).body
    const now = { body: { reason: 'CVE' } }
    const started = await world.call('POST', `${base}/${named}/executions`, now)
    const id: string = started.body.execution_id
    await world.advance(id)
    const { planHash, plan } = (await world.call('GET', `/api/upgrades/${id}`)).body
    expect(plan.waves).toEqual([2, 18])
    for (const { target } of (await planMembers(world.log, planHash, [0, 1])).values())
      await world.call('POST', `/api/v1/targets/${target}/retire`, { body: { reason: 'scrapped' } })
    await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await world.advance(id)
    world.pass(1)
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({
      ...{ status: 'paused', inProgress: 0, skipped: 2, wave: 1 },
      holds: [{ code: 'GATE_INCONCLUSIVE' }, { code: 'OPERATOR', ref: 'nobody has succeeded yet' }],
    })
    expect(await report(world)).toEqual([])
  })
})

describe('too many failures', () => {
  it.each(['abort', 'rollback'])('are acted on although somebody has paused it: %s', async (action) => {
    const world = openWorld()
    await world.fleet(5)
    const id = await deployed(world, { ...all, failureThreshold: { percent: 10, action } })
    for (const target of ['cust_0001', 'cust_0002'])
      await world.call('POST', '/api/v1/updates/status', {
        as: { lambda: { kind: 'agent', target, tokenHash: '' } },
        body: { version: 'v1.2.0', status: 'in-progress', timestamp: '2026-01-05T10:00:00Z' },
      })
    await say(world, id, 'pause', { reason: 'lunch' })
    await report(world, failing)
    expect((await statusOf(world, id)).status).toBe('aborting')
  })

  it('are accepted by who has seen them all, and by nobody else', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world, { ...all, parallel: 2 })
    await report(world, failing)
    expect(await statusOf(world, id)).toMatchObject({ status: 'paused', failed: 2 })
    const blind = await say(world, id, 'resume')
    expect(blind.body).toMatchObject({ status: 409, code: 'not-acknowledged' })
    expect(blind.body.detail).toContain('{"acknowledge":{"failed":2,"unreachable":0}}')
    expect((await say(world, id, 'resume', { acknowledge: { failed: 1 } })).body).toMatchObject({
      status: 409,
      code: 'more-failed',
    })
    expect((await say(world, id, 'resume', { acknowledge: { failed: 2 } })).status).toBe(200)
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'in_progress', inProgress: 2 })
  })

  it('over all waves exceed the budget of the upgrade, though each wave bears its own', async () => {
    const world = openWorld()
    await world.fleet(20)
    const id = await deployed(world, {
      ...all,
      strategy: 'batch',
      batchSize: 10,
      failureThreshold: { percent: 20 },
      failureBudget: { percent: 15 },
    })
    const two = () => {
      let failed = 0
      return () => (failed++ < 2 ? 'failed' : 'completed')
    }
    await report(world, two())
    await world.advance(id)
    await report(world, two())
    const { body } = await world.call('GET', `/api/upgrades/${id}`)
    expect(body).toMatchObject({ status: 'paused', failed: 4 })
    expect(body.holds[0].ref).toBe('4 failed in the whole upgrade, 3 allowed')
  })
})

describe('a bake', () => {
  it('is ended by who has seen enough, with a reason that stands in the story', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world, { ...all, strategy: 'canary', bakeSeconds: 3600, autoContinue: true })
    await report(world)
    await world.advance(id)
    expect((await statusOf(world, id)).holds).toMatchObject([{ code: 'BAKING' }])
    expect((await say(world, id, 'end-bake', {})).status).toBe(400)
    expect((await say(world, id, 'end-bake', { reason: 'seen enough' })).status).toBe(200)
    expect((await say(world, id, 'end-bake', { reason: 'again' })).body.code).toBe('nothing-to-end')
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ inProgress: 9, holds: [] })
    const story = await world.call('GET', `/api/upgrades/${id}/events`, { query: { limit: '100' } })
    expect(story.body.events.map(({ sentence }: { sentence: string }) => sentence)).toContain(
      'operator-1 ended the watch over wave 1: seen enough',
    )
  })
})
