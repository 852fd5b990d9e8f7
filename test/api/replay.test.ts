import { describe, expect, test } from 'vitest'
import { canary, deployed, openWorld, report, type World } from './world.ts'

const replay = async (world: World, id: string, body: object = {}) =>
  (await world.call('POST', `/api/upgrades/${id}/replay`, { body })).body

/** Twenty targets by batches of five, of which some fail; goes on to its end, whoever is asked. */
async function ended(fails: (target: string) => boolean, more: object = {}) {
  const world = openWorld()
  await world.fleet(20)
  const id = await deployed(world, {
    ...{ ...canary, canaryPercent: undefined, strategy: 'batch', batchSize: 5 },
    ...{ failureThreshold: { percent: 100 }, ...more },
  })
  for (let wave = 0; wave < 4; wave++) {
    world.pass(60)
    await report(world, (target) => (fails(target) ? 'failed' : 'completed'))
    await world.advance(id)
  }
  return { world, id }
}

describe('N4: an upgrade that is judged by other rules', () => {
  /** The first two of each wave fail: waves are drawn, so it is by their turn. */
  const everySecondOfFive = () => {
    let turn = 0
    return () => turn++ % 5 < 2
  }

  test('goes to its end by its own', async () => {
    const { world, id } = await ended(everySecondOfFive())
    expect(await replay(world, id)).toEqual({
      ...{ upgradeId: id, stops: null, exposed: 20, succeeded: 12, failed: 8, unreachable: 0 },
      ...{ inFlight: 0, seconds: 240, known: true },
    })
  })

  test('would have stopped where these say, with what it had exposed by then', async () => {
    const { world, id } = await ended(everySecondOfFive())
    expect(await replay(world, id, { failureThreshold: { percent: 30 } })).toMatchObject({
      stops: { kind: 'failures', wave: 1, count: 2, allowed: 1, reason: '2, 1 allowed' },
      ...{ exposed: 5, failed: 2, seconds: 60, known: true },
    })
    expect(await replay(world, id, { failureBudget: { percent: 25 } })).toMatchObject({
      stops: { kind: 'budget', wave: 3, count: 6, allowed: 5 },
      ...{ exposed: 15, failed: 6, seconds: 180 },
    })
    expect(await replay(world, id, { gate: { successRatePercent: 61 } })).toMatchObject({
      stops: { kind: 'gate', wave: 1, count: null, reason: '60 % succeeded, 61 % required' },
    })
    expect(await replay(world, id, { gate: { successRatePercent: 60 } })).toMatchObject({ stops: null })
  })

  test('stops by its own rules where it did, whatever followed', async () => {
    const { world, id } = await ended(everySecondOfFive(), { failureThreshold: { percent: 30 } })
    const { body } = await world.call('GET', `/api/upgrades/${id}`)
    expect(body).toMatchObject({ status: 'paused', wave: 1 })
    const own = await replay(world, id)
    expect(own).toMatchObject({ stops: { kind: 'failures', wave: 1, count: 2, allowed: 1 }, exposed: 5 })
    // Nobody knows what would have come of those who were never asked.
    expect(await replay(world, id, { failureThreshold: { percent: 100 } })).toMatchObject({
      ...{ stops: null, exposed: 5, known: false },
    })
  })

  test('stops at the gate that a wave no longer passes when its targets fail afterwards', async () => {
    const world = openWorld({ heard: true })
    await world.fleet(10)
    const id = await deployed(world, { ...canary, canaryPercent: 20, gate: { successRatePercent: 90 } })
    const [first = ''] = await report(world)
    await world.advance(id)
    await world.call('POST', '/api/v1/updates/status', {
      as: { lambda: { kind: 'agent', target: first, tokenHash: '' } },
      body: { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status: 'failed', code: 'CRASH_LOOP' },
    })
    const { body } = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(body).toMatchObject({ status: 'paused', failed: 1 })
    expect((await replay(world, id)).stops).toMatchObject({
      ...{ kind: 'gate', wave: 1, reason: '50 % succeeded, 90 % required' },
    })
    expect((await replay(world, id, { gate: null, failureThreshold: { percent: 100 } })).stops).toBeNull()
  })

  test('in smaller waves would have stopped sooner, with fewer exposed', async () => {
    const { world, id } = await ended(everySecondOfFive())
    const careful = await replay(world, id, { waves: [25, 100], parallel: 1, failureBudget: { percent: 5 } })
    expect(careful).toMatchObject({
      stops: { kind: 'budget', wave: 1, count: 2, allowed: 1, commit: null },
      ...{ failed: 2, inFlight: 0, known: true },
    })
    expect([careful.exposed <= 5, careful.seconds]).toEqual([true, careful.exposed * 60])
    expect(await replay(world, id, { waves: [50], failureBudget: { percent: 25 } })).toMatchObject({
      stops: { kind: 'budget', wave: 2, count: 6, allowed: 5 },
    })
    expect(await replay(world, id, { waves: [25, 100], gate: { successRatePercent: 61 } })).toMatchObject({
      stops: { kind: 'gate', wave: 1, reason: '60 % succeeded, 61 % required' },
    })
  })

  test('with fewer at once, and a longer bake, would have taken longer', async () => {
    const { world, id } = await ended(() => false)
    const seconds = async (body: object) => (await replay(world, id, body)).seconds
    expect(await seconds({ waves: [100] })).toBe(60)
    expect(await seconds({ waves: [100], parallel: 5 })).toBe(240)
    expect(await seconds({ waves: [50, 100], bakeSeconds: 600 })).toBe(720)
    expect(await replay(world, id, { parallel: 5 })).toMatchObject({ stops: null, exposed: 20, known: true })
  })

  test('in other waves says no more than the log knows', async () => {
    const { world, id } = await ended(everySecondOfFive(), { failureThreshold: { percent: 30 } })
    expect(await replay(world, id, { waves: [50, 100], failureThreshold: { percent: 100 } })).toMatchObject({
      // The first of the plan was given back before it began.
      ...{ stops: null, exposed: 0, known: false },
    })
  })

  test.each([[[]], [[10, 10]], [[20, 10]], [[101]], [[0]]])('refuses waves of %j', async (waves) => {
    const { world, id } = await ended(() => false)
    expect((await replay(world, id, { waves })).code).toBe('validation-failed')
  })

  test('is told from its log alone: nothing is written, and nothing that is not there is found', async () => {
    const { world, id } = await ended(() => false)
    const before = (await world.call('GET', `/api/upgrades/${id}`)).headers.etag
    await replay(world, id, { gate: null })
    expect((await world.call('GET', `/api/upgrades/${id}`)).headers.etag).toBe(before)
    expect((await world.call('POST', '/api/upgrades/none/replay', { body: {} })).status).toBe(404)
  })
})
