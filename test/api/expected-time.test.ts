import { describe, expect, test } from 'vitest'
import { deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `cust_${String(from + at).padStart(4, '0')}`)
const rest = { ...all, targets: { ids: ids(13, 16) } }

const plan = async (world: World, body: object) =>
  (await world.call('POST', '/api/upgrades/plan', { body })).body

/** Sixteen customers, of whom the first twelve have been upgraded: each in so many seconds. */
async function afterTwelve(took: number): Promise<World> {
  const world = openWorld()
  await world.fleet(16)
  await upgradeTwelve(world, took)
  return world
}

async function upgradeTwelve(world: World, took: number): Promise<void> {
  const id = await deployed(world, { ...all, targets: { ids: ids(1, 12) } })
  await report(world, () => 'in-progress')
  world.pass(took)
  await report(world)
  await world.advance(id)
}

describe('how long an attempt should take', () => {
  test('is what was declared, whatever history says', async () => {
    const world = await afterTwelve(40)
    const declared = await plan(world, { ...rest, deadlines: { expectedSeconds: 300 } })
    expect(declared.expectedAttempt).toEqual({ seconds: 300, source: 'declared', attempts: null })
    expect(declared.expectedFinish).toBe('2026-01-05T10:05:40.000Z')
  })

  test('is else what the last attempts on the component took, and the plan says of how many', async () => {
    const world = await afterTwelve(40)
    const found = await plan(world, rest)
    expect(found.expectedAttempt).toEqual({ seconds: 40, source: 'history', attempts: 12 })
    expect(found.expectedFinish).toBe('2026-01-05T10:01:20.000Z')
    const id = await deployed(world, rest)
    const { body } = await world.call('GET', `/api/upgrades/${id}`)
    expect(body.plan.expectedAttempt).toEqual(found.expectedAttempt)
    expect(body.request.deadlines.expected).toBe(40)
  })

  test('is 300 seconds where too few are known', async () => {
    const world = openWorld()
    await world.fleet(4)
    const found = await plan(world, all)
    expect(found.expectedAttempt).toEqual({ seconds: 300, source: 'default', attempts: null })
  })

  test('is no part of the plan hash: what ends between a dry run and a deploy changes nothing that was looked at', async () => {
    const world = openWorld()
    await world.fleet(16)
    const before = await plan(world, rest)
    await upgradeTwelve(world, 40)
    const after = await plan(world, rest)
    expect([before.expectedAttempt.source, after.expectedAttempt.source]).toEqual(['default', 'history'])
    expect(after.planHash).toBe(before.planHash)
    const id = await deployed(world, rest)
    expect((await world.call('GET', `/api/upgrades/${id}`)).body.planHash).toBe(before.planHash)
  })

  test('decides when the last target is admitted before a window ends', async () => {
    const world = await afterTwelve(40)
    const window = { start: '2026-01-05T11:00:00.000Z', end: '2026-01-05T11:01:40.000Z' }
    const short = await world.call('POST', '/api/upgrades/plan', {
      body: { ...rest, window, deadlines: { expectedSeconds: 300 } },
    })
    expect([short.status, short.body.code]).toEqual([422, 'window-too-short'])
    const id = await deployed(world, { ...rest, window, parallel: 1 })
    // It is 40 seconds past ten.
    world.pass(3580)
    await world.advance(id)
    const begun = await report(world)
    expect([begun.length > 0, begun.length < 4]).toEqual([true, true])
    world.pass(41)
    await world.advance(id)
    expect(await report(world), 'from 40 seconds before the end on nobody begins').toEqual([])
  })

  test('is said of each phase of a rollout', async () => {
    const world = await afterTwelve(40)
    const body = { name: 'Rest', phases: [{ ...rest, name: 'customers' }] }
    const reply = await world.call('POST', '/api/v1/rollouts/plan', { body })
    expect(reply.body.phases[0].expectedAttempt).toEqual({ seconds: 40, source: 'history', attempts: 12 })
  })

  test('of a retry and a rollback is that of what they follow', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, rest)
    await report(world, (target) => (target === 'cust_0013' ? 'failed' : 'completed'))
    await world.advance(id)
    const retry = await world.call('POST', `/api/upgrades/${id}/retry-failed`)
    const { body } = await world.call('GET', `/api/upgrades/${retry.body.upgradeId}`)
    expect(body.plan.expectedAttempt).toEqual({ seconds: 40, source: 'declared', attempts: null })
  })
})
