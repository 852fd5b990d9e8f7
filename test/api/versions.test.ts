import { describe, expect, it } from 'vitest'
import { digest, openWorld, report, viewer, type World } from './world.ts'

const otherDigest = `sha256:${'cd'.repeat(32)}`

async function scheme(world: World, name: string, component = 'api') {
  return world.call('PUT', `/api/v1/components/${component}`, { body: { scheme: name } })
}

async function release(world: World, version: string, more: object = {}) {
  return world.call('POST', '/api/v1/releases', { body: { component: 'api', version, digest, ...more } })
}

async function target(world: World, id: string, version: string) {
  await world.call('POST', '/api/v1/targets', { body: { id, components: { api: version } } })
}

const deploy = (world: World, version: string, more: object = {}) =>
  world.call('POST', '/api/upgrades/deploy', {
    body: { component: 'api', version, strategy: 'all', ...more },
  })

/** Deploys, lets every agent report success, and returns what the targets run then. */
async function rolledOut(world: World, version: string): Promise<Record<string, string>> {
  const { status, body } = await deploy(world, version)
  expect(status, JSON.stringify(body)).toBe(202)
  await world.advance(body.upgradeId)
  await report(world)
  await world.advance(body.upgradeId)
  return runs(world)
}

async function runs(world: World): Promise<Record<string, string>> {
  const { body } = await world.call('GET', '/api/v1/targets')
  return Object.fromEntries(
    body.targets.map(({ id, components }: { id: string; components: { api: string } }) => [
      id,
      components.api,
    ]),
  )
}

describe('a release is one, however its version is spelt', () => {
  it('changes nothing when it is registered under the other spelling, and is refused with other content', async () => {
    const world = openWorld()
    expect((await release(world, 'v1.10.0')).status).toBe(201)
    const again = await release(world, '1.10.0')
    expect([again.status, again.body.version]).toEqual([200, 'v1.10.0'])
    const other = await release(world, '1.10.0', { digest: otherDigest })
    expect([other.status, other.body.code]).toEqual([409, 'release-exists'])
    const { body } = await world.call('GET', '/api/v1/releases')
    expect(body.releases.map(({ version }: { version: string }) => version)).toEqual(['v1.10.0'])
    for (const version of ['1.10.0', 'v1.10.0'])
      expect((await world.call('GET', `/api/v1/releases/api/${version}`)).body.version).toBe('v1.10.0')
    await world.call('POST', '/api/v1/releases/api/1.10.0/withdraw', { body: { reason: 'broken' } })
    expect((await world.call('GET', '/api/v1/releases/api/v1.10.0')).body.withdrawn).toEqual({
      reason: 'broken',
    })
  })

  it('finds targets and upgrades by either spelling', async () => {
    const world = openWorld()
    await world.fleet(2)
    await deploy(world, '1.2.0')
    const count = async (path: string, query: Record<string, string>) =>
      (await world.call('GET', path, { query })).body.count
    for (const version of ['1.1.0', 'v1.1.0'])
      expect(await count('/api/v1/targets', { component: 'api', version })).toBe(2)
    for (const version of ['1.2.0', 'v1.2.0']) expect(await count('/api/upgrades', { version })).toBe(1)
  })
})

describe('builds that differ after the plus sign are two', () => {
  async function built(): Promise<World> {
    const world = openWorld()
    await target(world, 'node-1', 'v1.30.4+k3s1')
    await release(world, 'v1.30.4+k3s1')
    await release(world, 'v1.30.4+k3s2', { digest: otherDigest })
    return world
  }

  it('so that the second is rolled out where the first runs, by name and as the latest', async () => {
    for (const version of ['v1.30.4+k3s2', '1.30.4+k3s2', 'latest'])
      expect(await rolledOut(await built(), version)).toEqual({ 'node-1': 'v1.30.4+k3s2' })
  })

  it('so that the one that runs is there already', async () => {
    const { status, body } = await deploy(await built(), '1.30.4+k3s1')
    expect([status, body.code]).toEqual([422, 'nothing-to-upgrade'])
    expect(body.detail).toContain('1 at the version already')
  })

  it('so that a success with the other is none', async () => {
    const world = await built()
    const { body } = await deploy(world, 'v1.30.4+k3s2')
    await world.advance(body.upgradeId)
    const as = { lambda: { kind: 'agent', target: 'node-1', tokenHash: '' } }
    const tell = (status: string, version: string) =>
      world.call('POST', '/api/v1/updates/status', {
        as,
        body: { status, version, timestamp: '2026-01-05T10:00:00Z' },
      })
    await tell('in-progress', 'v1.30.4+k3s2')
    expect((await tell('completed', 'v1.30.4+k3s1')).body.outcome).toBe('failed')
  })
})

describe('a component has a scheme of its own', () => {
  it('which is set once and before its first release, read and listed', async () => {
    const world = openWorld()
    expect((await world.call('GET', '/api/v1/components/windows')).body.code).toBe('component-not-found')
    const first = await scheme(world, 'dotted', 'windows')
    expect([first.status, first.body]).toEqual([201, { component: 'windows', scheme: 'dotted', releases: 0 }])
    expect((await scheme(world, 'dotted', 'windows')).status).toBe(200)
    const other = await scheme(world, 'ordered', 'windows')
    expect([other.status, other.body.code]).toEqual([409, 'scheme-fixed'])
    await release(world, '1.0.0')
    const late = await scheme(world, 'dotted')
    expect([late.status, late.body.code]).toEqual([409, 'scheme-fixed'])
    const read = await world.call('GET', '/api/v1/components/api', { as: viewer })
    expect(read.body).toEqual({ component: 'api', scheme: 'semver', releases: 1, counters: {} })
    const { body } = await world.call('GET', '/api/v1/components', { as: viewer })
    expect(body).toMatchObject({
      count: 2,
      components: [
        { component: 'api', scheme: 'semver', releases: 1 },
        { component: 'windows', scheme: 'dotted', releases: 0 },
      ],
    })
  })

  it.each([
    ['semver', ['10.0.19045.4291', '24.04', '2024.07.19', 'R128-15964.9.0']],
    ['dotted', ['R128-15964.9.0', '2.5.0-beta.3']],
  ])('and %s refuses what is no version of it: %j', async (name, versions) => {
    const world = openWorld()
    if (name !== 'semver') await scheme(world, name)
    for (const version of versions) {
      const { status, body } = await release(world, version)
      expect([status, body.code]).toEqual([422, 'version-invalid'])
    }
    expect((await release(world, 'latest')).status).toBe(400)
  })

  it.each([
    ['dotted', '10.0.19045.990', '10.0.19045.4291'],
    ['dotted', '24.04', '24.10'],
    ['dotted', '2024.07.19', '2024.11.02'],
    ['ordered', 'R128-15964.9.0', 'R127-15961.3.0'],
  ])('%s: from %s to %s by latest and stable', async (name, older, newer) => {
    for (const word of ['latest', 'stable']) {
      const world = openWorld()
      await scheme(world, name)
      await release(world, older)
      await release(world, newer, { digest: otherDigest })
      await target(world, 'device', older)
      expect(await rolledOut(world, word)).toEqual({ device: newer })
    }
  })

  it('in which a profile names the version that it wants', async () => {
    const world = openWorld()
    await scheme(world, 'dotted', 'publisher')
    const profile = (component: string | null, version: string) =>
      world.call('POST', '/api/v1/upgrade-profiles', {
        body: {
          name: 'Weekly',
          schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
          upgrade_settings: {
            ...{ target_version: version, component, pre_upgrade_checks: false },
            ...{ rollback_on_failure: false, parallel_upgrades: 1 },
          },
          resource_filters: { resource_types: ['publisher'] },
        },
      })
    const taken = await profile(null, '24.04')
    expect(taken.status).toBe(201)
    const base = `/api/v1/upgrade-profiles/${taken.body.id}`
    expect((await world.call('PUT', base, { body: { description: 'x' } })).status).toBe(200)
    for (const [component, version] of [
      [null, '2.5.0-beta.3'],
      ['api', '24.04'],
    ] as const) {
      const { status, body } = await profile(component, version)
      expect([status, body.errors?.[0]?.field]).toEqual([400, 'upgrade_settings.target_version'])
    }
  })
})
