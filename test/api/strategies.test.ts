import { describe, expect, it } from 'vitest'
import { approver, deployed, openWorld, report, type World } from './world.ts'

const of = (strategy: string, more: object = {}) => ({
  component: 'api',
  version: 'v1.2.0',
  strategy,
  ...more,
})
const hour = 3600

/** What runs at customers, by region: two in the west, one of them critical, three in the east, and one nowhere. */
const regions = ['west', 'west', 'east', 'east', 'east', null]

async function regionalFleet(): Promise<World> {
  const world = openWorld()
  await world.fleet(0)
  const targets = regions.map((region, place) => ({
    ...{ id: `cust_${place}`, components: { api: 'v1.1.0' }, region, critical: place === 0 },
    ...(region !== null && { tags: { ring: region } }),
  }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  return world
}

async function fleetOf(count: number): Promise<World> {
  const world = openWorld()
  await world.fleet(count)
  return world
}

const plan = (world: World, body: object) => world.call('POST', '/api/upgrades/plan', { body })
const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body
const sentences = async (world: World, id: string) => {
  const { body } = await world.call('GET', `/api/upgrades/${id}/events`, { query: { limit: '100' } })
  return body.events.map(({ sentence }: { sentence: string }) => sentence)
}

/** Goes on from wave to wave, and through what lies between them, until it waits for what this cannot give. */
async function toItsEnd(world: World, id: string, seconds = hour): Promise<string> {
  for (let turn = 0; turn < 60; turn++) {
    await report(world)
    const move = await world.advance(id)
    if (move === 'ended' || move === 'gate') return move
    world.pass(seconds)
  }
  throw new Error(`${id} does not come to an end.`)
}

describe('what a strategy takes', () => {
  const stages = [{ percent: 5 }, { percent: 100 }]
  const group = { by: 'region', order: ['east', 'west'] }
  it.each([
    [
      'percentages',
      of('percentages'),
      'percentages',
      'a list of stages up to 100 percent, for strategy percentages',
    ],
    [
      'their order',
      of('percentages', { percentages: [{ percent: 50 }, { percent: 50 }, { percent: 100 }] }),
      'percentages.1.percent',
      'more than 50, which the stage before has',
    ],
    [
      'their end',
      of('percentages', { percentages: [{ percent: 50 }] }),
      'percentages.0.percent',
      '100, as the last stage takes all',
    ],
    [
      'a word after the last',
      of('percentages', { percentages: [stages[0], { percent: 100, autoContinue: false }] }),
      'percentages.1.autoContinue',
      'left out: there is no stage to continue with',
    ],
    [
      'a second person whom nobody waits for',
      of('percentages', { percentages: [{ percent: 5, continueRequiresSecondPerson: true }, stages[1]] }),
      'percentages.0.continueRequiresSecondPerson',
      'only where somebody has to continue: with autoContinue false, before the last stage',
    ],
    [
      'percentages of a canary',
      of('canary', { percentages: stages }),
      'percentages',
      'only with strategy percentages',
    ],
    [
      'groups',
      of('groups'),
      'groups',
      'what the targets are grouped by, and in which order, for strategy groups',
    ],
    ['groups of all', of('all', { groups: group }), 'groups', 'only with strategy groups'],
    [
      'a group twice',
      of('groups', { groups: { by: 'region', order: ['a', 'a'] } }),
      'groups.order',
      'each value once',
    ],
    [
      'names that are too long together',
      of('groups', {
        groups: { by: 'ring', order: Array.from({ length: 20 }, (_, place) => `${place}`.padEnd(250, 'x')) },
      }),
      'groups.order',
      'at most 4400 bytes of JSON in all together',
    ],
    [
      'two pauses',
      of('groups', { groups: group, bakeSeconds: 60 }),
      'bakeSeconds',
      'left out: pauseSeconds of groups says how long each bakes',
    ],
    [
      'what may be unavailable',
      of('rolling', { maxSurge: 1 }),
      'maxUnavailable',
      'a number of targets, or of percent as 25%, for strategy rolling',
    ],
    [
      'nobody at once',
      of('rolling', { maxUnavailable: '0%', maxSurge: 0 }),
      'maxUnavailable',
      'more than none, or maxSurge is: else nobody could be in flight',
    ],
    [
      'a surge of a batch',
      of('batch', { batchSize: 2, maxSurge: 1 }),
      'maxSurge',
      'only with strategy rolling',
    ],
    [
      'spacing of a batch',
      of('batch', { batchSize: 2, spacingSeconds: 60 }),
      'spacingSeconds',
      'only with strategy serial',
    ],
    [
      'several at a time',
      of('serial', { parallel: 2 }),
      'parallel',
      '1, or left out: strategy serial takes one at a time',
    ],
    [
      'a word after one wave',
      of('serial', { autoContinue: false }),
      'autoContinue',
      'left out: there is no wave to continue with',
    ],
  ])('is refused by its place, with what would be right: %s', async (_, body, field, message) => {
    const world = await fleetOf(2)
    for (const path of ['plan', 'deploy']) {
      const refused = await world.call('POST', `/api/upgrades/${path}`, { body })
      expect([refused.status, refused.body.errors]).toEqual([
        400,
        [expect.objectContaining({ field, expected: message })],
      ])
    }
  })

  it.each(['-1%', '101%', '5', '5.5%', ' 5%', 1.5, -1])('is no amount as %j', async (maxUnavailable) => {
    const world = await fleetOf(1)
    expect(await plan(world, of('rolling', { maxUnavailable }))).toMatchObject({ status: 400 })
  })
})

describe('the dry run (N2)', () => {
  it('shows each stage as numbers, with what follows it, and the plan that a deploy makes', async () => {
    const world = await fleetOf(8)
    const body = of('percentages', {
      percentages: [
        { percent: 10, bakeSeconds: 24 * hour },
        { percent: 11, bakeSeconds: 999 },
        { percent: 50, autoContinue: false, continueRequiresSecondPerson: true, gate: null },
        { percent: 75, autoContinue: false },
        { percent: 100, bakeSeconds: hour },
      ],
      gate: { successRatePercent: 90 },
      bakeSeconds: 60,
    })
    const { body: shown } = await plan(world, body)
    const gate = { successRatePercent: 90 }
    expect(shown.waves).toMatchObject([
      { wave: 1, percent: 10, size: 1, bakeSeconds: 24 * hour, gate, continues: 'by-itself' },
      { wave: 2, percent: 50, size: 3, bakeSeconds: 60, gate: null, continues: 'by-second-person' },
      { wave: 3, percent: 75, size: 2, bakeSeconds: 60, gate, continues: 'by-hand' },
      { wave: 4, percent: 100, size: 2, bakeSeconds: hour, gate, continues: 'by-itself' },
    ])
    expect(shown).toMatchObject({ droppedWaves: [11], droppedGroups: [] })
    const seconds = 4 * 300 + 25 * hour + 120
    expect(Date.parse(shown.expectedFinish)).toBe(Date.parse('2026-01-05T10:00:00Z') + seconds * 1000)
    const id = await deployed(world, body)
    expect((await world.upgrade(id)).plan?.planHash).toBe(shown.planHash)
  })

  it('shows groups, and refuses whom none of them means by name', async () => {
    const world = await regionalFleet()
    const groups = { by: 'region', order: ['west', 'moon', 'east'], pauseSeconds: 600 }
    const refused = await plan(world, of('groups', { groups }))
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      422,
      'outside-groups',
      'The 1 target is in none of the groups: cust_5 (no region). Add the values to groups.order, select without them, or send groups.others "last".'.replace(
        'The ',
        '',
      ),
    ])
    const { body } = await plan(world, of('groups', { groups: { ...groups, others: 'last' } }))
    expect(body.waves.map(({ group, size, bakeSeconds }: never) => [group, size, bakeSeconds])).toEqual([
      ['west', 1, 600],
      ['west', 1, 600],
      ['east', 3, 600],
      [null, 1, 0],
    ])
    expect(body).toMatchObject({
      droppedGroups: ['moon'],
      warnings: [{}, { code: 'empty_group', field: 'groups.order.1' }],
    })
    const critical = await plan(
      world,
      of('groups', {
        groups: { by: 'region', order: ['west', 'east'] },
        targets: { ids: ['cust_0', 'cust_2'] },
      }),
    )
    expect([critical.status, critical.body.code]).toEqual([422, 'critical-targets-first'])
  })

  it('shows how many may be in flight and unavailable, and the time between attempts', async () => {
    const world = await fleetOf(10)
    const { body: rolling } = await plan(world, of('rolling', { maxUnavailable: '25%', maxSurge: '15%' }))
    expect(rolling.waves).toMatchObject([{ size: 10, inFlight: 4, maxUnavailable: 2, spacingSeconds: 0 }])
    const { body: serial } = await plan(world, of('serial', { spacingSeconds: 600 }))
    expect(serial.waves).toMatchObject([{ size: 10, inFlight: 1, maxUnavailable: null, spacingSeconds: 600 }])
    expect(Date.parse(serial.expectedFinish) - Date.parse('2026-01-05T10:00:00Z')).toBe(
      (10 * 300 + 9 * 600) * 1000,
    )
    const window = { start: '2026-01-05T10:00:00Z', end: '2026-01-05T12:00:00Z' }
    expect(await plan(world, of('serial', { spacingSeconds: 600, window }))).toMatchObject({
      status: 422,
      body: {
        code: 'window-too-short',
        detail: expect.stringContaining('10 attempts, with the times between them, take 8400 seconds'),
      },
    })
  })

  it('of a rollout shows the same for each phase', async () => {
    const world = await fleetOf(6)
    const phase = of('percentages', {
      name: 'first',
      percentages: [{ percent: 50, bakeSeconds: hour }, { percent: 100 }],
    })
    const { body } = await world.call('POST', '/api/v1/rollouts/plan', {
      body: { name: 'r', phases: [phase] },
    })
    expect(body.phases[0]).toMatchObject({
      waves: [
        { percent: 50, size: 3, bakeSeconds: hour },
        { percent: 100, size: 3 },
      ],
      expectedFinish: '2026-01-05T11:10:00.000Z',
    })
    const refused = { ...phase, percentages: [{ percent: 50 }] }
    const wrong = await world.call('POST', '/api/v1/rollouts/plan', {
      body: { name: 'r', phases: [refused] },
    })
    expect(wrong.body.errors).toMatchObject([{ field: 'phases.0.percentages.0.percent' }])
  })
})

describe('an upgrade goes to its end', () => {
  it('by percentages, each with its own bake, gate and person', async () => {
    const world = await fleetOf(4)
    const body = of('percentages', {
      percentages: [
        { percent: 25, bakeSeconds: 2 * hour },
        { percent: 50, autoContinue: false, continueRequiresSecondPerson: true },
        { percent: 75, autoContinue: false },
        { percent: 100 },
      ],
    })
    const { body: started } = await world.call('POST', '/api/upgrades/deploy', { body })
    expect(started.message).toBe('Staged upgrade started for 4 customers, 1 of them in the first of 4 waves')
    const id = started.upgradeId
    await world.advance(id)
    await report(world)
    expect(await world.advance(id)).toBe('bake')
    expect((await statusOf(world, id)).holds).toMatchObject([
      { code: 'BAKING', until: '2026-01-05T12:00:00.000Z' },
    ])
    world.pass(2 * hour)
    await world.advance(id)
    await world.advance(id)
    await report(world)
    expect(await world.advance(id)).toBe('gate')
    const go = (as?: typeof approver) =>
      world.call('POST', `/api/upgrades/${id}/continue`, as === undefined ? {} : { as })
    expect((await go()).body.code).toBe('self-approval')
    const [waits] = (await world.call('GET', '/api/v1/approvals')).body.approvals
    expect(waits.may.except).toEqual(['operator-1'])
    expect((await go(approver)).status).toBe(200)
    await world.advance(id)
    await report(world)
    await world.advance(id)
    // The next stage wants somebody, and not a second person.
    expect((await go()).status).toBe(200)
    await world.advance(id)
    await report(world)
    expect(await world.advance(id)).toBe('ended')
    expect(await statusOf(world, id)).toMatchObject({ status: 'completed', completed: 4, waveCount: 4 })
  })

  it('by groups, each of which is named where it is spoken of', async () => {
    const world = await regionalFleet()
    const groups = { by: 'ring', order: ['west', 'east'], pauseSeconds: 600, others: 'last' }
    const id = await deployed(world, of('groups', { groups }))
    const status = await statusOf(world, id)
    expect(status.waves.map(({ group, size }: never) => [group, size])).toEqual([
      ['west', 1],
      ['west', 1],
      ['east', 3],
      [null, 1],
    ])
    const explained = await world.call('GET', '/api/v1/targets/cust_3/explain', { query: { upgradeId: id } })
    expect(explained.body.reasons[0].detail).toContain('It is pending in wave 3 (east) of upgrade')
    expect(await toItsEnd(world, id, 600)).toBe('ended')
    expect(await statusOf(world, id)).toMatchObject({ status: 'completed', completed: 6 })
    const story = await sentences(world, id)
    expect(story.filter((sentence: string) => sentence.startsWith('Started'))).toEqual([
      'Started wave 1 (west).',
      'Started wave 2 (west).',
      'Started wave 3 (east).',
      'Started wave 4 (all others).',
    ])
    expect(story).toContainEqual(expect.stringMatching(/^Watching wave 3 \(east\) until /))
  })

  it('rolling, and paused when failures use up what may be unavailable', async () => {
    const world = await fleetOf(6)
    const failing = new Set(['cust_0002', 'cust_0003', 'cust_0004', 'cust_0005', 'cust_0006', 'cust_0001'])
    const { body } = await world.call('POST', '/api/upgrades/deploy', {
      body: of('rolling', { maxUnavailable: 2, maxSurge: 1, failureThreshold: { percent: 100 } }),
    })
    expect(body.message).toBe('Rolling upgrade started for 6 customers, at most 3 at once')
    const id = body.upgradeId
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ inProgress: 3 })
    await report(world, (target) => (failing.has(target) ? 'failed' : 'completed'))
    await world.advance(id)
    const status = await statusOf(world, id)
    expect(status).toMatchObject({ status: 'paused', failed: 2, inProgress: 0 })
    expect(await sentences(world, id)).toContain(
      '2 targets failed or unreachable use up what may be unavailable of the whole upgrade: it is paused.',
    )
    const blast = (await world.call('GET', `/api/upgrades/${id}/blast-radius`)).body
    expect(blast).toMatchObject({
      proven: true,
      limits: { parallel: 3 },
      waves: [{ largestInFlight: { count: 3, limit: 3 } }],
    })
    expect((await world.call('POST', `/api/upgrades/${id}/resume`)).body.code).toBe('not-acknowledged')
    const seen = { acknowledge: { failed: 2 } }
    expect((await world.call('POST', `/api/upgrades/${id}/resume`, { body: seen })).status).toBe(200)
    expect(await toItsEnd(world, id)).toBe('ended')
    expect(await statusOf(world, id)).toMatchObject({
      status: 'completed_with_exceptions',
      completed: 4,
      failed: 2,
    })
    // What is done to them further keeps to the same.
    const retry = (await world.call('POST', `/api/upgrades/${id}/retry-failed`)).body.upgradeId
    expect(await toItsEnd(world, retry)).toBe('ended')
    const back = (await world.call('POST', `/api/upgrades/${id}/rollback`)).body.upgradeId
    for (const child of [retry, back]) {
      const { request, plan: planned } = await world.upgrade(child)
      expect([request.strategy, planned?.rolling]).toEqual(['rolling', { unavailable: 2, surge: 1 }])
    }
  })

  it('one at a time, with the time between', async () => {
    const world = await fleetOf(3)
    const { body } = await world.call('POST', '/api/upgrades/deploy', {
      body: of('serial', { spacingSeconds: 600 }),
    })
    expect(body.message).toBe('Serial upgrade started for 3 customers, one at a time')
    const id = body.upgradeId
    await world.advance(id)
    world.pass(60)
    expect(await report(world)).toHaveLength(1)
    await world.advance(id)
    const status = await statusOf(world, id)
    expect(status).toMatchObject({
      ...{ completed: 1, inProgress: 0 },
      holds: [{ code: 'SPACING', since: '2026-01-05T10:01:00.000Z', until: '2026-01-05T10:11:00.000Z' }],
    })
    const explained = await world.call('GET', '/api/v1/targets/cust_0001/explain', {
      query: { upgradeId: id },
    })
    const others = await world.call('GET', '/api/v1/targets/cust_0002/explain', { query: { upgradeId: id } })
    expect([explained, others].map(({ body: { reasons } }) => reasons[0].code)).toContain('SPACING')
    expect(await toItsEnd(world, id, 600)).toBe('ended')
    expect(await statusOf(world, id)).toMatchObject({ status: 'completed', completed: 3 })
    const back = (await world.call('POST', `/api/upgrades/${id}/rollback`)).body.upgradeId
    const { request } = await world.upgrade(back)
    expect(request).toMatchObject({ strategy: 'serial', parallel: 1, spacingSeconds: 0 })
    expect(await sentences(world, id)).toContain(
      'Planned 3 targets to v1.2.0. They go one at a time, the next 600 seconds after the end of the last.',
    )
  })
})
