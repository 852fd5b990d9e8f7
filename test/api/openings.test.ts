import { describe, expect, it } from 'vitest'
import { deployed, openWorld, type Reply, report, type World } from './world.ts'

/** The clock of the tests stands here. */
const start = Date.parse('2026-01-05T10:00:00.000Z')
const [minute, hour] = [60, 3600]
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()
const window = (from: number, to: number) => ({ start: at(from), end: at(to) })

const all = { component: 'api', version: 'v1.2.0', strategy: 'all', parallel: 1 }

/** Defines a calendar that is closed between two times of the first day. */
const closed = (world: World, from: number, to: number) =>
  world.call('PUT', '/api/v1/calendars/acme', {
    body: { kind: 'ranges', ranges: [{ start: at(from), end: at(to), name: 'Founders' }] },
  })

const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body

async function passed(world: World, seconds: number, id: string): Promise<void> {
  world.pass(seconds)
  await world.advance(id)
}

const agent = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })

/** Returns the targets that are offered an attempt now. */
async function offered(world: World): Promise<string[]> {
  const { body } = await world.call('GET', '/api/v1/targets')
  const found: string[] = []
  for (const { id } of body.targets) {
    const offer = await world.call('GET', '/api/v1/updates/check', { as: agent(id) })
    if (offer.body.updateAvailable) found.push(id)
  }
  return found
}

const begin = (world: World, target: string): Promise<Reply> =>
  world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body: { version: 'v1.2.0', status: 'in-progress', timestamp: at(0) },
  })

/** The one target that is offered an attempt carries it out. */
async function succeed(world: World): Promise<void> {
  const [target = '', ...others] = await offered(world)
  expect(others).toEqual([])
  expect((await begin(world, target)).status).toBe(200)
  const body = { version: 'v1.2.0', status: 'completed', timestamp: at(0) }
  await world.call('POST', '/api/v1/updates/status', { as: agent(target), body })
  await world.settle()
}

describe('a calendar that an upgrade names', () => {
  it('closes it in the middle, says until when, and gives the rest of the time back', async () => {
    const world = openWorld()
    await world.fleet(3)
    await closed(world, hour, 2 * hour)
    const id = await deployed(world, { ...all, calendars: ['acme'], window: window(0, 4 * hour) })
    await succeed(world)
    await passed(world, hour - 4 * minute, id)
    expect(await statusOf(world, id)).toMatchObject({
      completed: 1,
      holds: [{ code: 'WINDOW_CLOSED', until: at(2 * hour) }],
    })
    expect(await offered(world)).toEqual([])
    await passed(world, hour + 4 * minute, id)
    await succeed(world)
    expect(await statusOf(world, id)).toMatchObject({ completed: 2, holds: [] })
  })

  it('binds as soon as it is defined anew: what nobody has accepted is withdrawn, and nothing is begun', async () => {
    const world = openWorld()
    await world.fleet(3)
    await closed(world, 10 * hour, 11 * hour)
    const id = await deployed(world, { ...all, calendars: ['acme'] })
    const [target = ''] = await offered(world)
    // The hand-over itself asks, too, however late the reactor is.
    await world.call('PUT', '/api/v1/calendars/acme', {
      body: { kind: 'ranges', ranges: [{ start: at(0), end: at(hour), name: 'now' }] },
    })
    const early = await world.call('POST', '/api/v1/updates/status', {
      as: agent(target),
      body: { version: 'v1.2.0', status: 'in-progress', timestamp: at(0) },
      early: true,
    })
    expect([early.status, early.body.code]).toEqual([409, 'closed-by-now'])
    await world.settle()
    expect(await offered(world)).toEqual([])
    expect((await statusOf(world, id)).holds).toMatchObject([
      { code: 'WINDOW_CLOSED', until: at(hour), ref: 'now (acme)' },
    ])
    await world.call('PUT', '/api/v1/calendars/acme', {
      body: {
        kind: 'ranges',
        ranges: [{ start: at(10 * hour), end: at(11 * hour), name: 'x' }],
      },
    })
    await world.advance(id)
    expect(await offered(world)).toHaveLength(1)
  })

  it('is refused where it is not defined', async () => {
    const world = openWorld()
    await world.fleet(1)
    for (const path of ['plan', 'deploy']) {
      const reply = await world.call('POST', `/api/upgrades/${path}`, {
        body: { ...all, calendars: ['nobody'] },
      })
      expect([reply.status, reply.body.code]).toEqual([422, 'calendar-not-defined'])
    }
  })
})

describe('a stop', () => {
  it('binds at the hand-over itself, however late anything else hears of it', async () => {
    const world = openWorld()
    await world.fleet(1)
    await deployed(world, all)
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' }, early: true })
    const reply = await world.call('POST', '/api/v1/updates/status', {
      as: agent('cust_0001'),
      body: { version: 'v1.2.0', status: 'in-progress', timestamp: at(0) },
      early: true,
    })
    expect([reply.status, reply.body.code]).toEqual([409, 'everything-stopped'])
  })

  it('costs the hand-over three read units: a strong read of the stops, one of the release, and one of what policies say now', async () => {
    const world = openWorld()
    await world.fleet(2)
    await deployed(world, { ...all, parallel: 2 })
    const unitsOf = async (act: () => Promise<Reply>) => {
      const before = world.log.consumed().read
      expect((await act()).status).toBe(200)
      return world.log.consumed().read - before
    }
    // Who has its key already asks nobody for it.
    await offered(world)
    await world.settle()
    const first = await unitsOf(() => begin(world, 'cust_0001'))
    await world.settle()
    const again = await unitsOf(() => begin(world, 'cust_0001'))
    expect(first - again).toBe(3)
  })
})

describe('what cannot fit', () => {
  it.each<[string, object]>([
    ['a window that is nearly over', { window: window(-4 * hour, minute) }],
    [
      'a bake longer than what is left of the window',
      { strategy: 'canary', window: window(0, hour), bakeSeconds: hour },
    ],
    [
      'a calendar that closes nearly all of it',
      { calendars: ['acme'], window: window(hour, 2 * hour + 2 * minute) },
    ],
  ])('is refused when it is asked for: %s', async (_, changes) => {
    const world = openWorld()
    await world.fleet(20)
    await closed(world, hour, 2 * hour)
    const reply = await world.call('POST', '/api/upgrades/deploy', { body: { ...all, ...changes } })
    expect([reply.status, reply.body.code]).toEqual([422, 'window-too-short'])
    expect(reply.body.detail).toMatch(/\d+ seconds left/)
  })

  it('is refused when it is approved, or resumed', async () => {
    const world = openWorld()
    await world.fleet(2)
    const body = { ...all, window: window(0, hour), approvals: { required: 1 } }
    const id = await deployed(world, body)
    const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
    world.pass(hour - 2 * minute)
    const approve = { as: { user: 'approver-1', roles: ['approver'] }, body: { planHash } }
    const late = await world.call('POST', `/api/upgrades/${id}/approve`, approve)
    expect([late.status, late.body.code]).toEqual([422, 'window-too-short'])
    const moved = { body: { window: window(-hour, 0) } }
    const past = await world.call('POST', `/api/upgrades/${id}/resume`, moved)
    expect([past.status, past.body.code]).toEqual([422, 'window-over'])
  })

  it('is refused when it is to be tried again, and leaves nothing in the log', async () => {
    const world = openWorld()
    await world.fleet(2)
    const body = { ...all, parallel: 2, window: window(0, hour), failureThreshold: { percent: 100 } }
    const id = await deployed(world, body)
    await report(world, (target) => (target === 'cust_0002' ? 'failed' : 'completed'))
    await passed(world, hour - 2 * minute, id)
    await world.settle()
    const before = world.log.records.length
    const late = await world.call('POST', `/api/upgrades/${id}/retry-failed`)
    expect([late.status, late.body.code]).toEqual([422, 'window-too-short'])
    expect(late.body.detail).toBe('The window has 120 seconds left; one attempt takes 300 seconds.')
    expect(world.log.records).toHaveLength(before)
    const wider = { body: { window: window(0, 2 * hour) } }
    expect((await world.call('POST', `/api/upgrades/${id}/retry-failed`, wider)).status).toBe(202)
  })
})

describe('what waits', () => {
  const week = 7 * 86_400

  it('expires unapproved though somebody has paused it', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, { ...all, approvals: { required: 1, expiresInSeconds: 3600 } })
    await world.call('POST', `/api/upgrades/${id}/pause`, { body: { reason: 'lunch' } })
    world.pass(hour)
    const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
    const approve = { as: { user: 'approver-1', roles: ['approver'] }, body: { planHash } }
    const late = await world.call('POST', `/api/upgrades/${id}/approve`, approve)
    expect([late.status, late.body.code]).toEqual([409, 'upgrade-expired'])
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'expired' })
  })

  it('for its continue is paused after a week, and says from the start when that is', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world, { ...all, parallel: 10, strategy: 'canary' })
    await report(world)
    await world.advance(id)
    expect((await statusOf(world, id)).holds).toMatchObject([{ code: 'CONTINUE', lapses: at(week) }])
    await passed(world, week, id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'paused' })
  })

  it('for a window that is over ends after a week, with who is left over left out', async () => {
    const world = openWorld()
    await world.fleet(3)
    const id = await deployed(world, { ...all, window: window(0, hour) })
    await succeed(world)
    await passed(world, hour, id)
    const [hold] = (await statusOf(world, id)).holds
    expect(hold).toMatchObject({ code: 'WINDOW_CLOSED', until: null, lapses: at(hour + week) })
    await passed(world, week, id)
    expect(await statusOf(world, id)).toMatchObject({
      status: 'completed_with_exceptions',
      completed: 1,
      skipped: 2,
    })
  })
})

describe('targets that are busy in the fifth hour', () => {
  it('are waited for as long as any other, and not left out in the minute in which they are first asked', async () => {
    const world = openWorld()
    await world.fleet(3)
    await world.call('POST', '/api/v1/releases', {
      body: { component: 'other', version: 'v2.0.0', digest: `sha256:${'cd'.repeat(32)}` },
    })
    const id = await deployed(world, { ...all, deadlines: { acceptSeconds: 600, attemptSeconds: 3600 } })
    const [first = ''] = await offered(world)
    expect((await begin(world, first)).status).toBe(200)
    const others = ['cust_0001', 'cust_0002', 'cust_0003'].filter((target) => target !== first)
    await world.call('POST', '/api/v1/releases', {
      body: { component: 'api', version: 'v1.3.0', digest: `sha256:${'ef'.repeat(32)}` },
    })
    world.pass(3000)
    const busy = { ...all, version: 'v1.3.0', parallel: 2, targets: { ids: others } }
    await deployed(world, busy)
    for (const target of others)
      await world.call('POST', '/api/v1/updates/status', {
        as: agent(target),
        body: { version: 'v1.3.0', status: 'in-progress', timestamp: at(0) },
      })
    world.pass(500)
    await world.call('POST', '/api/v1/updates/status', {
      as: agent(first),
      body: { version: 'v1.2.0', status: 'completed', timestamp: at(0) },
    })
    await world.advance(id)
    await passed(world, 1500, id)
    expect(await statusOf(world, id)).toMatchObject({ completed: 1, skipped: 0, holds: [{ code: 'BUSY' }] })
  })
})
