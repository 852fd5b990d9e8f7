import { describe, expect, it, vi } from 'vitest'
import { canary, deployed, digest, openWorld, type Reply, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const paths = ['/api/upgrades/plan', '/api/upgrades/deploy'] as const

const ask = (world: World, path: string, body: object, headers: Record<string, string> = {}) =>
  world.call('POST', path, { body, headers })
const plan = (world: World, body: object) => ask(world, '/api/upgrades/plan', body)

const codesOf = ({ body }: Reply): string[] => body.warnings.map(({ code }: { code: string }) => code)

/** Returns the targets of a wave, in the order of the plan. */
const waveIn = ({ body }: Reply, wave = 1): string[] =>
  body.members
    .filter((member: { wave: number }) => member.wave === wave)
    .map(({ targetId }: { targetId: string }) => targetId)

async function fleetOf(count: number): Promise<World> {
  const world = openWorld()
  await world.fleet(count)
  return world
}

describe.each(paths)('who is named to %s', (path) => {
  it('is refused by name when it is not registered', async () => {
    const world = await fleetOf(3)
    const ids = ['cust_0001', 'cust_0o02', 'CUST_0003']
    const reply = await ask(world, path, { ...all, targets: { ids } })
    expect([reply.status, reply.body.code]).toEqual([422, 'targets-not-registered'])
    expect(reply.body.detail).toBe('2 named targets are not registered: cust_0o02, CUST_0003.')
    expect(reply.body.errors).toEqual([
      { field: 'targets.ids.1', value: 'cust_0o02', expected: 'a registered target' },
      { field: 'targets.ids.2', value: 'CUST_0003', expected: 'a registered target' },
    ])
    expect(await Array.fromAsync(world.log.streams({ name: 'upgrade' }))).toEqual([])
  })

  it('is counted, and named a hundred times at most', async () => {
    const world = await fleetOf(1)
    const ids = Array.from({ length: 150 }, (_, place) => `nobody_${place}`)
    const reply = await ask(world, path, { ...all, targets: { ids: ['cust_0001', ...ids] } })
    expect(reply.status).toBe(422)
    expect(reply.body.detail).toContain('150 named targets')
    expect(reply.body.errors).toHaveLength(100)
  })

  it.each([
    [{ canaries: ['cust_0009'] }, 'targets-not-registered'],
    [{ ids: ['cust_0001', 'cust_0002'], canaries: ['cust_0003'] }, 'canary-outside-selection'],
    [{ types: ['broker'], canaries: ['cust_0003'] }, 'canary-outside-selection'],
    [{ tags: { tier: 'gold' }, canaries: ['cust_0003'] }, 'canary-outside-selection'],
  ])('is no canary of %j', async (targets, code) => {
    const world = await fleetOf(3)
    const reply = await ask(world, path, { ...canary, canaryPercent: undefined, targets })
    expect([reply.status, reply.body.code]).toEqual([422, code])
    expect(reply.body.errors[0].field).toBe('targets.canaries.0')
  })

  it('is left out by name when it is named and other parts of the selection do not mean it', async () => {
    const world = await fleetOf(2)
    await world.call('PATCH', '/api/v1/targets/cust_0002', { body: { region: 'us' } })
    const targets = { ids: ['cust_0001', 'cust_0002'], regions: ['us'] }
    expect((await plan(world, { ...all, targets })).body).toMatchObject({
      total: 1,
      leftOut: [{ targetId: 'cust_0001', reason: 'not_selected' }],
    })
  })

  it('is told of types, regions and tags that no target has', async () => {
    const world = await fleetOf(3)
    await world.call('PATCH', '/api/v1/targets/cust_0001', { body: { region: 'eu', tags: { tier: 'gold' } } })
    const some = { types: ['customer', 'custmer'], regions: ['eu', 'us-wset'] }
    const reply = await ask(world, path, { ...all, targets: { ...some, tags: { tier: 'gold' } } })
    expect(reply.body.warnings).toEqual([
      expect.objectContaining({ code: 'no_such_type', field: 'targets.types.1', value: 'custmer' }),
      expect.objectContaining({ code: 'no_such_region', field: 'targets.regions.1', value: 'us-wset' }),
    ])
    const none = await ask(world, path, { ...all, targets: { tags: { tier: 'glod' } } })
    expect([none.status, none.body.code]).toEqual([422, 'nothing-to-upgrade'])
    expect(none.body.detail).toContain('No target has the tag tier with the value glod.')
  })

  it('is told that the whole fleet is meant, and of canaries that are critical', async () => {
    const world = await fleetOf(3)
    await world.call('PATCH', '/api/v1/targets/cust_0001', { body: { critical: true } })
    const targets = { canaries: ['cust_0001', 'cust_0002'] }
    const reply = await ask(world, path, { ...canary, canaryPercent: undefined, targets })
    expect(codesOf(reply)).toEqual(['whole_fleet', 'critical_canary'])
    expect(codesOf(await ask(world, path, { ...all, targets: { ids: ['cust_0003'] } }))).toEqual([])
  })
})

it('a deploy that is planned in the background says that more is not known yet, as often as it is repeated', async () => {
  const world = await fleetOf(1)
  await world.settle()
  const [row] = await Array.fromAsync(world.services.views.everyTarget())
  vi.spyOn(world.services.views, 'everyTarget').mockImplementation(async function* () {
    for (let place = 0; row && place <= 10_000; place++) yield { ...row, id: `many_${place}` }
  })
  const headers = { 'idempotency-key': 'k' }
  const first = await ask(world, '/api/upgrades/deploy', all, headers)
  expect([first.status, codesOf(first)]).toEqual([202, ['whole_fleet', 'planned_in_background']])
  expect(first.body).toMatchObject({ leftOutCounts: null, overlaps: [] })
  expect((await ask(world, '/api/upgrades/deploy', all, headers)).body).toEqual(first.body)
  const named = { ...all, targets: { types: ['customer'], canaries: ['cust_0o01'] } }
  expect((await ask(world, '/api/upgrades/deploy', named)).body.code).toBe('targets-not-registered')
})

describe('a moving word', () => {
  async function ahead(): Promise<World> {
    const world = await fleetOf(3)
    const ran = { id: 'ahead', components: { api: 'v2.0.0' } }
    await world.call('POST', '/api/v1/targets', { body: ran })
    return world
  }

  it.each(['latest', 'stable'])(
    '%s leads nobody downwards, unless it is told that it may',
    async (version) => {
      const world = await ahead()
      const up = await plan(world, { ...all, version })
      expect(up.body).toMatchObject({ version: 'v1.2.0', total: 3, leftOutCounts: { newer_version: 1 } })
      const reply = await ask(world, '/api/upgrades/deploy', { ...all, version })
      expect(reply.body.leftOutCounts).toEqual({ newer_version: 1 })
      const upgrade = await world.call('GET', `/api/upgrades/${reply.body.upgradeId}`)
      expect(upgrade.body.plan.leftOut).toEqual({ newer_version: 1 })
      const down = await plan(await ahead(), { ...all, version, allowDowngrade: true })
      expect(down.body).toMatchObject({ total: 4, leftOutCounts: {} })
    },
  )

  it('that is not moving is taken as it was said', async () => {
    const { body } = await plan(await ahead(), { ...all, version: 'v1.2.0', targets: { ids: ['ahead'] } })
    expect(body.members).toEqual([{ targetId: 'ahead', from: 'v2.0.0', to: 'v1.2.0', wave: 1 }])
  })

  it('knows what is newer by the scheme of the component', async () => {
    const world = openWorld()
    await world.call('PUT', '/api/v1/components/api', { body: { scheme: 'ordered' } })
    for (const version of ['bookworm', 'trixie', 'buster'])
      await world.call('POST', '/api/v1/releases', { body: { component: 'api', version, digest } })
    await world.call('POST', '/api/v1/releases/api/buster/withdraw', { body: { reason: 'by mistake' } })
    const targets = ['bookworm', 'trixie', 'buster', 'unheard'].map((version) => ({
      id: version,
      components: { api: version },
    }))
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const { body } = await plan(world, { ...all, version: 'latest' })
    expect(body.version).toBe('trixie')
    expect(body.leftOut).toEqual([
      { targetId: 'buster', reason: 'newer_version' },
      { targetId: 'trixie', reason: 'already_at_version' },
    ])
  })

  it('of a profile opens no window for who runs something newer', async () => {
    const world = openWorld()
    await world.fleet(0)
    await world.call('POST', '/api/v1/targets', { body: { id: 'ahead', components: { api: 'v2.0.0' } } })
    const profile = await world.call('POST', '/api/v1/upgrade-profiles', {
      body: {
        name: 'Weekly',
        schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
        upgrade_settings: {
          ...{ target_version: 'stable', component: 'api', pre_upgrade_checks: false },
          ...{ rollback_on_failure: false, parallel_upgrades: 1 },
        },
        resource_filters: { resource_types: ['customer'] },
      },
    })
    const path = `/api/v1/upgrade-profiles/${profile.body.id}/executions`
    const started = await world.call('POST', path, { body: { reason: 'now' } })
    await world.advance(started.body.execution_id)
    const { body } = await world.call('GET', `/api/upgrades/${started.body.execution_id}`)
    expect(body.failure).toMatchObject({
      code: 'nothing-to-upgrade',
      detail: expect.stringContaining('1 at a newer version'),
    })
  })
})

describe('canaries that are named', () => {
  const named = (more: object = {}) => ({
    ...{ ...canary, canaryPercent: undefined },
    targets: { canaries: ['cust_0007', 'cust_0003'] },
    ...more,
  })

  it('are the first wave, and nobody else', async () => {
    const world = await fleetOf(20)
    const dry = await plan(world, named())
    expect(waveIn(dry)).toEqual(['cust_0007', 'cust_0003'])
    const { body } = await ask(world, '/api/upgrades/deploy', named())
    expect(body.message).toBe('Canary upgrade started for 2 customers')
    await world.advance(body.upgradeId)
    expect((await report(world)).sort()).toEqual(['cust_0003', 'cust_0007'])
  })

  it('come first where a percentage fills up, and all of them where it is smaller', async () => {
    const world = await fleetOf(20)
    const filled = waveIn(await plan(world, named({ canaryPercent: 20 })))
    expect([filled.length, filled.slice(0, 2)]).toEqual([4, ['cust_0007', 'cust_0003']])
    expect(waveIn(await plan(world, named({ canaryPercent: 5 })))).toEqual(['cust_0007', 'cust_0003'])
  })

  it('are not replaced by others when none of them is left', async () => {
    const world = await fleetOf(5)
    for (const id of ['cust_0003', 'cust_0007']) {
      await world.call('POST', '/api/v1/targets', { body: { id, components: { api: 'v1.1.0' } } })
      await world.call('POST', `/api/v1/targets/${id}/pin`, { body: { reason: 'audit' } })
    }
    for (const path of paths) {
      const { status, body } = await ask(world, path, named())
      expect([status, body.code]).toEqual([422, 'no-canary-left'])
      expect(body.detail).toContain('cust_0007 pinned, cust_0003 pinned')
    }
  })
})

describe('who comes first', () => {
  it('does not change with words, with who asks, or with the window; the hash of the plan does', async () => {
    const world = await fleetOf(40)
    const first = await plan(world, canary)
    const window = { start: '2026-02-01T00:00:00Z', end: '2026-02-01T08:00:00Z' }
    for (const more of [{ reason: 'draw again' }, { window }, { parallel: 3 }, { version: 'latest' }]) {
      const other = await plan(world, { ...canary, ...more })
      expect(waveIn(other)).toEqual(waveIn(first))
      expect(other.body.planHash).not.toBe(first.body.planHash)
    }
    const somebody = { user: 'operator-2', roles: ['operator'] }
    const theirs = await world.call('POST', '/api/upgrades/plan', { as: somebody, body: canary })
    expect(theirs.body.planHash).toBe(first.body.planHash)
  })

  it('is inside of a larger share, and another for another release', async () => {
    const world = await fleetOf(40)
    const ten = waveIn(await plan(world, canary))
    const twenty = waveIn(await plan(world, { ...canary, canaryPercent: 20 }))
    expect(twenty.slice(0, ten.length)).toEqual(ten)
    await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: 'v1.3.0', digest } })
    expect(waveIn(await plan(world, { ...canary, version: 'v1.3.0' }))).not.toEqual(ten)
  })
})

describe('what another upgrade at work holds', () => {
  it('is told by plan and deploy, as often as the deploy is repeated', async () => {
    const world = await fleetOf(10)
    const before = await deployed(world)
    const ids = Array.from({ length: 7 }, (_, place) => `cust_000${place + 1}`)
    await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: 'v1.3.0', digest } })
    const body = { ...canary, version: 'v1.3.0', targets: { ids }, canaryPercent: 50 }
    // Whose turn has come is left out, and held nevertheless.
    const overlaps = [{ upgradeId: before, targets: 7 }]
    expect((await plan(world, body)).body.overlaps).toEqual(overlaps)
    const headers = { 'idempotency-key': 'k' }
    const first = await ask(world, '/api/upgrades/deploy', body, headers)
    expect(first.body.overlaps).toEqual(overlaps)
    const { body: story } = await world.call('GET', `/api/upgrades/${first.body.upgradeId}/events`)
    expect(story.events.map(({ sentence }: { sentence: string }) => sentence).join(' ')).toContain(
      `Other upgrades hold targets of it: ${before} (7).`,
    )
    await world.advance(first.body.upgradeId)
    expect((await ask(world, '/api/upgrades/deploy', body, headers)).body).toEqual(first.body)
  })

  it('is not who it is through with, nor anything once it has ended', async () => {
    const world = await fleetOf(4)
    const before = await deployed(world, { ...canary, canaryPercent: 50 })
    await report(world)
    await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: 'v1.3.0', digest } })
    const body = { ...all, version: 'v1.3.0' }
    expect((await plan(world, body)).body.overlaps).toEqual([{ upgradeId: before, targets: 2 }])
    await world.call('POST', `/api/upgrades/${before}/abort`)
    await world.advance(before)
    expect((await plan(world, body)).body.overlaps).toEqual([])
  })

  it('is looked for in 50 upgrades at most, and the answer says so', async () => {
    const world = await fleetOf(60)
    const one = (place: number) => ({
      ...all,
      approvals: { required: 1 },
      targets: { ids: [`cust_${String(place + 1).padStart(4, '0')}`] },
    })
    for (let place = 0; place < 50; place++) await ask(world, '/api/upgrades/deploy', one(place))
    const fifty = await plan(world, all)
    expect(fifty.body.overlaps).toHaveLength(50)
    expect(codesOf(fifty)).toEqual(['whole_fleet'])
    await ask(world, '/api/upgrades/deploy', one(50))
    const more = await plan(world, all)
    expect(more.body.overlaps).toHaveLength(50)
    expect(codesOf(more)).toEqual(['whole_fleet', 'overlaps_incomplete'])
  })

  it('is named when it keeps every target from being upgraded', async () => {
    const world = await fleetOf(2)
    const before = await deployed(world, all)
    await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: 'v1.3.0', digest } })
    const targets = { ids: ['cust_0001', 'cust_0002'] }
    for (const path of paths) {
      const { status, body } = await ask(world, path, { ...all, version: 'v1.3.0', targets })
      expect([status, body.code]).toEqual([409, 'update-in-progress'])
      expect(body.detail).toContain(`2 by upgrade ${before}`)
    }
    const back = await world.call('POST', `/api/upgrades/${before}/rollback/cust_0001`)
    expect([back.status, back.body.code]).toEqual([409, 'update-in-progress'])
    expect(back.body.detail).toContain(before)
  })
})
