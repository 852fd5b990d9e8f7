import { describe, expect, it } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { approver, deployed, openWorld } from './world.ts'

const admin = { user: 'admin-1', roles: ['admin'] } as const
const signer = newSigner()
type World = ReturnType<typeof openWorld>

const publish = (world: World, manifest: object) =>
  world.call('POST', '/api/v1/releases', { body: { manifest, signatures: [signatureOf(signer, manifest)] } })

const next = manifestOf({
  version: '2.5.0',
  counter: 8,
  components: { backend: manifestOf().components.database },
})
const everybody = { component: 'api', version: '2.5.0', strategy: 'all' }

/** Opens a world of targets that run 2.4.1, each with what it has said of where it runs, and the release that asks for PostgreSQL from 14 on. */
async function opened(environments: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>) {
  const world = openWorld()
  await world.call('POST', '/api/v1/keys', {
    as: admin,
    body: { publicKey: signer.publicKey, label: 'a signer' },
  })
  for (const manifest of [manifestOf(), next]) expect((await publish(world, manifest)).status).toBe(201)
  const targets = Object.entries(environments).map(([id, environment]) => ({
    ...{ id, components: { api: '2.4.1' } },
    ...(environment && { environment }),
  }))
  const { body } = await world.call('POST', '/api/v1/targets', { body: { targets } })
  expect(body.registered).toBe(targets.length)
  return world
}

const agent = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } }) as const
const check = (world: World, target: string, environment?: string) =>
  world.call('GET', '/api/v1/updates/check', {
    as: agent(target),
    ...(environment !== undefined && { headers: { 'x-environment': environment } }),
  })
const report = (world: World, target: string, body: object) =>
  world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body: { timestamp: '2026-01-05T10:00:00Z', ...body },
  })
const attemptOf = async (world: World, target: string) =>
  (await world.call('GET', `/api/v1/targets/${target}`)).body.attempts[0]

async function isSound(world: World): Promise<void> {
  await world.settle()
  const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
  // This world has no executions: waves are started in nobody's name.
  expect(findings.filter(({ invariant }) => invariant !== 'I12')).toEqual([])
}

describe('M2, C9: what a release asks of where it runs', () => {
  it('leaves out of a plan whoever does not fit, and says what is not met, and how many have not said', async () => {
    const world = await opened({
      fits: { database: 'PostgreSQL 15.4' },
      old: { database: 'PostgreSQL 13.2' },
      silent: undefined,
      other: { os: 'linux' },
    })
    const { body } = await world.call('POST', '/api/upgrades/plan', { body: everybody })
    expect(body.leftOut).toEqual([
      {
        ...{ targetId: 'old', reason: 'incompatible' },
        detail: 'database is PostgreSQL 13.2, and the release asks for PostgreSQL 14+, 15',
      },
    ])
    expect(body.leftOutCounts).toEqual({ incompatible: 1 })
    expect(body.total).toBe(3)
    expect(body.warnings).toMatchObject([
      { code: 'whole_fleet' },
      { code: 'environment_unknown', detail: expect.stringContaining('2 targets have not said') },
      { code: 'url_missing' },
    ])
  })

  it('is said of a target when it is registered or changed, and shown; a repeat of its registration is one', async () => {
    const world = await opened({ t1: { database: 'PostgreSQL 13' } })
    const registered = { id: 't1', components: { api: '2.4.1' }, environment: { database: 'PostgreSQL 13' } }
    expect((await world.call('POST', '/api/v1/targets', { body: registered })).body.status).toBe('exists')
    const environment = { database: 'PostgreSQL 16', kubernetes: '1.27' }
    const patched = await world.call('PATCH', '/api/v1/targets/t1', { body: { environment } })
    expect(patched.body.environment).toEqual(environment)
    const [listed] = (await world.call('GET', '/api/v1/targets')).body.targets
    expect(listed.environment).toEqual(environment)
    for (const wrong of [
      { 'a b': '1' },
      { database: '' },
      { database: 'x'.repeat(129) },
      { database: '1\n2' },
    ])
      expect((await world.call('PATCH', '/api/v1/targets/t1', { body: { environment: wrong } })).status).toBe(
        400,
      )
  })

  it('is heard from the agent, and costs no commit where it is no news', async () => {
    const world = await opened({ t1: undefined })
    await check(world, 't1', 'database=PostgreSQL+13&os=linux')
    expect((await world.call('GET', '/api/v1/targets/t1')).body.environment).toEqual({
      database: 'PostgreSQL 13',
      os: 'linux',
    })
    await world.settle()
    const before = world.log.records.length
    await check(world, 't1', 'os=linux&database=PostgreSQL%2013')
    expect(world.log.records.length).toBe(before)
    // Who says nothing takes nothing back.
    await check(world, 't1', '')
    expect(world.log.records.length).toBe(before)
    expect((await check(world, 't1', 'a%20b=1')).body.code).toBe('validation-failed')
    const plan = await world.call('POST', '/api/upgrades/plan', { body: everybody })
    expect(plan.body.code).toBe('nothing-to-upgrade')
    expect(plan.body.detail).toContain('1 unfit for the release')
  })

  it('is asked again when it is assigned', async () => {
    const world = await opened({ t1: { database: '15' }, t2: { database: '15' } })
    const { body } = await world.call('POST', '/api/upgrades/deploy', { body: everybody })
    await world.call('PATCH', '/api/v1/targets/t1', { body: { environment: { database: '13' } } })
    await world.advance(body.upgradeId)
    expect((await check(world, 't1')).body.updateAvailable).toBe(false)
    expect((await check(world, 't2')).body.updateAvailable).toBe(true)
    expect(await attemptOf(world, 't1')).toMatchObject({ outcome: 'skipped', code: 'incompatible' })
    const { logs } = (await world.call('GET', `/api/upgrades/${body.upgradeId}/logs`)).body
    const [log] = logs.filter(({ customer_id }: { customer_id: string }) => customer_id === 't1')
    expect(JSON.stringify(log)).toContain('database is 13, and the release asks for PostgreSQL 14+, 15')
    await isSound(world)
  })

  it('is asked again when it is offered and accepted, and what does not fit is given back', async () => {
    const world = await opened({ t1: { database: '15' }, t2: { database: '15' } })
    const upgrade = await deployed(world, { ...everybody, parallel: 2 })
    const offered = (await check(world, 't1')).body
    expect(offered.updateAvailable).toBe(true)
    const away = await check(world, 't2', 'database=13')
    expect(away.body).toMatchObject({ updateAvailable: false, reason: 'incompatible' })
    await world.call('PATCH', '/api/v1/targets/t1', { body: { environment: { database: '13' } } })
    const { version, attempt } = offered
    const accepted = await report(world, 't1', { version, attempt, status: 'in-progress' })
    expect([accepted.status, accepted.body.code]).toEqual([409, 'incompatible'])
    const manifest = await world.call('GET', '/api/v1/updates/manifest', { as: agent('t1') })
    expect(manifest.body.code).toBe('nothing-offered')
    await world.advance(upgrade)
    const { body } = await world.call('GET', `/api/upgrades/${upgrade}/status`)
    expect(body).toMatchObject({ skipped: 2, inProgress: 0, failed: 0 })
    await isSound(world)
  })

  it('is asked on the way back too, which no second person lifts', async () => {
    const world = await opened({ t1: { database: '15' } })
    const upgrade = await deployed(world, everybody)
    const { version, attempt } = (await check(world, 't1')).body
    await report(world, 't1', { version, attempt, status: 'in-progress' })
    await report(world, 't1', { version, attempt, status: 'completed' })
    await world.advance(upgrade)
    await world.call('PATCH', '/api/v1/targets/t1', { body: { environment: { database: 'MySQL 8' } } })
    const glass = { breakGlass: { reason: 'an incident' } }
    for (const body of [{}, glass]) {
      const back = await world.call('POST', `/api/upgrades/${upgrade}/rollback`, { body, as: approver })
      expect([back.status, back.body.leftOutCounts]).toEqual([409, { incompatible: 1 }])
    }
    await world.call('PATCH', '/api/v1/targets/t1', { body: { environment: {} } })
    expect((await world.call('POST', `/api/upgrades/${upgrade}/rollback`, { body: {} })).status).toBe(202)
  })
})
