import { describe, expect, test } from 'vitest'
import { rolloutContracts } from '../../contracts/rollouts.ts'
import { upgradeContracts } from '../../contracts/upgrades.ts'
import { approver, deployed, digest, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `cust_${String(from + at).padStart(4, '0')}`)
const rest = { ...all, targets: { ids: ids(13, 28) } }
const afterTen = (seconds: number) =>
  new Date(Date.parse('2026-01-05T10:00:00.000Z') + seconds * 1000).toISOString()

const forecastOf = async (world: World, id: string, query: Record<string, string> = {}) =>
  (await world.call('GET', `/api/upgrades/${id}/forecast`, { query })).body

const release = (world: World, version: string) =>
  world.call('POST', '/api/v1/releases', { body: { component: 'api', version, digest } })

/** Returns the targets that have an attempt under way. */
async function underWay(world: World, id: string): Promise<Set<string>> {
  const { logs } = (await world.call('GET', `/api/upgrades/${id}/logs`)).body
  return new Set(logs.map((log: { customer_id: string }) => log.customer_id))
}

/** About so many seconds: one upgrade that is known leaves a range, whose middle is a matter of chance. */
const about = (seconds: number) => expect.closeTo(seconds, -1.5)
/** Seconds from ten o'clock to an instant. */
const since = (instant: string) => (Date.parse(instant) - Date.parse(afterTen(0))) / 1000

/** Twenty-eight customers, of whom the first twelve have been upgraded: each in so many seconds. */
async function afterTwelve(took: number): Promise<World> {
  const world = openWorld()
  await world.fleet(28)
  const id = await deployed(world, { ...all, targets: { ids: ids(1, 12) } })
  await report(world, () => 'in-progress')
  world.pass(took)
  await report(world)
  await world.advance(id)
  return world
}

describe('when an upgrade will end', () => {
  test('is forecast from how long others took on the component', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 4 })
    const answer = await forecastOf(world, id)
    expect(answer).toMatchObject({
      ...{ upgradeId: id, at: afterTen(40), track: { judged: 0, inside: 0 } },
      forecast: { seconds: { likely: about(160) }, waitsFor: [], basis: { durations: 12, upgrades: 1 } },
    })
    expect(upgradeContracts.forecastUpgrade.answers[200].schema.parse(answer)).toEqual(answer)
    const { ends, seconds } = answer.forecast
    for (const percent of ['earliest', 'likely', 'latest'])
      expect(since(ends[percent])).toBe(40 + seconds[percent])
    expect(seconds.earliest).toBeGreaterThan(60)
    expect(seconds.earliest).toBeLessThan(120)
    expect(seconds.latest).toBeGreaterThan(220)
    expect(seconds.latest).toBeLessThan(400)
  })

  test('counts from what has ended of it, once that is enough', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 12 })
    const first = await underWay(world, id)
    world.pass(25)
    await report(world, (target) => (first.has(target) ? 'completed' : 'in-progress'))
    await world.advance(id)
    world.pass(5)
    const { forecast } = await forecastOf(world, id)
    // Twelve took 25 seconds, and four are under way for five.
    expect(forecast).toMatchObject({
      seconds: { earliest: 20, likely: 20, latest: 20 },
      basis: { durations: 12, upgrades: 1 },
    })
  })

  test('counts from its earlier waves, before enough of the present one have ended', async () => {
    const world = await afterTwelve(40)
    await release(world, 'v1.3.0')
    const batches = { strategy: 'batch', batchSize: 14, autoContinue: true }
    const id = await deployed(world, { ...all, version: 'v1.3.0', ...batches })
    const first = await underWay(world, id)
    world.pass(25)
    await report(world, (target) => (first.has(target) ? 'completed' : 'in-progress'))
    await world.advance(id)
    world.pass(5)
    expect((await forecastOf(world, id)).forecast).toMatchObject({
      seconds: { earliest: 20, likely: 20, latest: 20 },
      basis: { durations: 14, upgrades: 1 },
    })
  })

  test('is not told by the fastest alone: as many have to have ended as are in flight', async () => {
    const world = await afterTwelve(40)
    await release(world, 'v1.3.0')
    const id = await deployed(world, { ...all, version: 'v1.3.0' })
    world.pass(5)
    const fast = new Set(ids(1, 13))
    await report(world, (target) => (fast.has(target) ? 'completed' : 'in-progress'))
    await world.advance(id)
    expect((await forecastOf(world, id)).forecast.basis).toEqual({ durations: 25, upgrades: 2 })
    const more = new Set(ids(1, 14))
    await report(world, (target) => (more.has(target) ? 'completed' : 'in-progress'))
    await world.advance(id)
    expect((await forecastOf(world, id)).forecast.basis).toEqual({ durations: 14, upgrades: 1 })
  })

  test('does not count on attempts that were never made', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 1 })
    const left = (await world.call('GET', `/api/upgrades/${id}/logs`)).body.logs[0].customer_id
    for (const target of ids(13, 28))
      if (target !== left) await world.call('POST', `/api/upgrades/${id}/targets/${target}/skip`)
    await world.advance(id)
    expect((await forecastOf(world, id)).forecast.seconds.likely).toEqual(about(40))
  })

  test('is the same whenever the log is asked, and as it was at an instant', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 4 })
    const before = await forecastOf(world, id)
    expect(await forecastOf(world, id)).toEqual(before)
    world.pass(55)
    await report(world)
    await world.advance(id)
    const later = await forecastOf(world, id)
    expect(later.forecast.seconds.likely).not.toBe(before.forecast.seconds.likely)
    expect(await forecastOf(world, id, { at: before.at })).toEqual({ ...before, track: later.track })
  })

  test('moves with the clock, though nothing was decided: nobody is told that it is as it was', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 4 })
    const before = await world.call('GET', `/api/upgrades/${id}/forecast`)
    expect(before.headers.etag).toBeUndefined()
    world.pass(30)
    expect((await forecastOf(world, id)).forecast).not.toEqual(before.body.forecast)
  })

  test('waits for its window', async () => {
    const world = await afterTwelve(40)
    const window = { start: afterTen(3600), end: afterTen(7200) }
    const id = await deployed(world, { ...rest, window, parallel: 4 })
    expect(since((await forecastOf(world, id)).forecast.ends.likely)).toEqual(about(3600 + 160))
  })

  test('begins nobody while a calendar is closed', async () => {
    const world = await afterTwelve(40)
    await world.call('PUT', '/api/v1/calendars/holidays', {
      body: { kind: 'dates', timezone: 'UTC', dates: [{ date: '01-05', name: 'Twelfth Night' }] },
    })
    const id = await deployed(world, { ...rest, calendars: ['holidays'], parallel: 4 })
    const { forecast } = await forecastOf(world, id)
    expect(since(forecast.ends.likely)).toEqual(about(14 * 3600 + 160))
  })

  test('names no instant while it waits for somebody, but how long it takes from then on', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, {
      ...rest,
      ...{ strategy: 'canary', canaryPercent: 25, parallel: 4, bakeSeconds: 600 },
      approvals: { required: 1 },
    })
    expect((await forecastOf(world, id)).forecast).toMatchObject({
      ...{ ends: null, seconds: { likely: about(40 + 600 + 120) } },
      waitsFor: [
        { code: 'APPROVAL', times: 1 },
        { code: 'CONTINUE', times: 1 },
      ],
    })
    const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
    await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await world.advance(id)
    await world.call('POST', `/api/upgrades/${id}/pause`)
    expect((await forecastOf(world, id)).forecast.waitsFor).toEqual([
      { code: 'OPERATOR', times: 1 },
      { code: 'CONTINUE', times: 1 },
    ])
    await world.call('POST', `/api/upgrades/${id}/resume`)
    await world.call('POST', '/api/v1/stop', { body: { reason: 'stop' } })
    await world.advance(id)
    expect((await forecastOf(world, id)).forecast.waitsFor).toContainEqual({ code: 'FREEZE', times: 1 })
  })

  test('counts what a bake has left, and who is asked to continue only once', async () => {
    const world = await afterTwelve(40)
    const canary = { ...rest, strategy: 'canary', canaryPercent: 25, parallel: 4, bakeSeconds: 600 }
    const id = await deployed(world, canary)
    world.pass(40)
    await report(world)
    await world.advance(id)
    world.pass(200)
    const baking = (await forecastOf(world, id)).forecast
    expect(baking.seconds.likely).toEqual(about(400 + 120))
    expect(baking.waitsFor).toEqual([{ code: 'CONTINUE', times: 1 }])
    world.pass(401)
    await world.advance(id)
    const asking = (await forecastOf(world, id)).forecast
    expect([asking.seconds.likely, asking.waitsFor]).toEqual([about(120), [{ code: 'CONTINUE', times: 1 }]])
    await world.call('POST', `/api/upgrades/${id}/continue`, { as: approver })
    await world.advance(id)
    const going = (await forecastOf(world, id)).forecast
    expect([since(going.ends.likely), going.waitsFor]).toEqual([about(40 + 641 + 120), []])
  })

  test('is none of what is over, is being aborted, or is not there', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 4 })
    await world.call('POST', `/api/upgrades/${id}/abort`)
    expect(await forecastOf(world, id)).toMatchObject({ forecast: null, track: null })
    expect((await world.call('GET', '/api/upgrades/none/forecast')).status).toBe(404)
    expect((await world.call('GET', `/api/upgrades/${id}/forecast`, { query: { at: 'x' } })).status).toBe(400)
  })

  test('is not invented where too few durations are known', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, all)
    expect((await forecastOf(world, id)).forecast).toEqual({
      ...{ ends: null, seconds: null, waitsFor: [] },
      basis: { durations: 0, upgrades: 0 },
    })
  })
})

describe('when what is only planned would end', () => {
  test('is forecast beside the plan, by the same rules as once it is deployed', async () => {
    const world = await afterTwelve(40)
    const body = { ...rest, parallel: 4, approvals: { required: 1 } }
    const planned = (await world.call('POST', '/api/upgrades/plan', { body })).body
    expect(planned.forecast).toMatchObject({
      ...{ ends: null, seconds: { likely: about(160) } },
      waitsFor: [{ code: 'APPROVAL', times: 1 }],
    })
    const id = await deployed(world, body)
    expect((await forecastOf(world, id)).forecast).toEqual(planned.forecast)
    await world.call('POST', '/api/v1/stop', { body: { reason: 'stop' } })
    const stopped = (await world.call('POST', '/api/upgrades/plan', { body })).body
    expect(stopped.forecast.waitsFor).toContainEqual({ code: 'FREEZE', times: 1 })
  })
})

describe('when a rollout will end', () => {
  const rollout = {
    name: 'Rest',
    phases: [
      { ...all, name: 'first', targets: { ids: ids(13, 20) }, parallel: 4, pauseSeconds: 300 },
      { ...all, name: 'second', targets: { ids: ids(21, 28) }, parallel: 2, dependsOn: ['first'] },
    ],
  }
  const ofRollout = async (world: World, id: string) =>
    (await world.call('GET', `/api/v1/rollouts/${id}/forecast`)).body

  test('is forecast phase by phase, planned and at work', async () => {
    const world = await afterTwelve(40)
    const planned = (await world.call('POST', '/api/v1/rollouts/plan', { body: rollout })).body
    expect(planned.forecast).toMatchObject({ seconds: { likely: about(80 + 300 + 160) }, waitsFor: [] })
    const id = (await world.call('POST', '/api/v1/rollouts', { body: rollout })).body.rolloutId
    expect((await ofRollout(world, id)).forecast).toEqual(planned.forecast)
    await world.advanceRollout(id)
    const { phases } = (await world.call('GET', `/api/v1/rollouts/${id}`)).body
    const begun = await underWay(world, phases[0].upgradeId)
    world.pass(40)
    await report(world, (target) => (begun.has(target) ? 'completed' : 'in-progress'))
    await world.advanceRollout(id)
    world.pass(10)
    expect((await ofRollout(world, id)).forecast.seconds.likely).toEqual(about(30 + 300 + 160))
    await world.call('POST', `/api/v1/rollouts/${id}/pause`)
    await world.advanceRollout(id)
    expect((await ofRollout(world, id)).forecast).toMatchObject({
      ...{ ends: null, waitsFor: [{ code: 'OPERATOR', times: 1 }] },
    })
  })

  test('is not known of one whose phases are planned when they begin', async () => {
    const world = await afterTwelve(40)
    const id = (await world.call('POST', '/api/v1/rollouts', { body: rollout })).body.rolloutId
    for (let round = 0; round < 6; round++) {
      await world.advanceRollout(id)
      world.pass(301)
      await report(world)
    }
    await world.advanceRollout(id)
    expect(await ofRollout(world, id)).toMatchObject({ forecast: null, track: null })
    const back = (await world.call('POST', `/api/v1/rollouts/${id}/rollback`)).body.rolloutId
    expect((await ofRollout(world, back)).forecast).toBeNull()
    expect((await world.call('GET', '/api/v1/rollouts/none/forecast')).status).toBe(404)
  })
})

describe('how often forecasts came true', () => {
  /** Upgrades the first twelve, in one wave or in two, each of which takes so many seconds. */
  async function upgrade(world: World, waves: readonly number[], more: object = {}): Promise<void> {
    await release(world, 'v1.3.0')
    const id = await deployed(world, { ...all, version: 'v1.3.0', targets: { ids: ids(1, 12) }, ...more })
    for (const [wave, seconds] of waves.entries()) {
      if (wave > 0) {
        world.pass(5000)
        await world.call('POST', `/api/upgrades/${id}/continue`, { as: approver })
        await world.advance(id)
      }
      world.pass(seconds)
      await report(world)
      await world.advance(id)
    }
    expect((await world.call('GET', `/api/upgrades/${id}`)).body.status).toBe('completed')
  }
  const trackOf = async (world: World) => {
    const id = await deployed(world, { ...rest, parallel: 4 })
    return (await forecastOf(world, id)).track
  }

  test('is judged by what the log knew when they began, and none is judged that could not be made', async () => {
    const world = await afterTwelve(40)
    await upgrade(world, [40])
    expect(await trackOf(world)).toEqual({ judged: 1, inside: 1 })
  })

  test('counts one that took longer as wrong, whatever was known afterwards', async () => {
    const world = await afterTwelve(40)
    await upgrade(world, [400])
    expect(await trackOf(world)).toEqual({ judged: 1, inside: 0 })
  })

  test('leaves out how long somebody took to continue', async () => {
    const world = await afterTwelve(40)
    await upgrade(world, [40, 40], { strategy: 'batch', batchSize: 6, autoContinue: false })
    expect(await trackOf(world)).toEqual({ judged: 1, inside: 1 })
  })

  test('is judged of rollouts as well', async () => {
    const world = await afterTwelve(40)
    const start = async (from: number, to: number) => {
      const phases = [{ ...all, name: 'first', targets: { ids: ids(from, to) } }]
      const { rolloutId } = (await world.call('POST', '/api/v1/rollouts', { body: { name: 'R', phases } }))
        .body
      await world.advanceRollout(rolloutId)
      return rolloutId
    }
    const first = await start(13, 20)
    world.pass(40)
    await report(world)
    await world.advanceRollout(first)
    const { body } = await world.call('GET', `/api/v1/rollouts/${await start(21, 28)}/forecast`)
    expect(body.track).toEqual({ judged: 1, inside: 1 })
    expect(rolloutContracts.forecastRollout.answers[200].schema.parse(body)).toEqual(body)
  })
})
