import { describe, expect, it } from 'vitest'
import { sha256 } from '../../events/canonical.ts'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { deployed, openWorld, type Reply } from './world.ts'

const admin = { user: 'admin-1', roles: ['admin'] } as const
const key = 'a-key-that-a-customer-has-paid-for'
const id = sha256(key)
type World = ReturnType<typeof openWorld>

/** Opens a world of customers that run a component whose releases need a licence. */
async function licensed(count: number, channels: readonly string[] | null = null): Promise<World> {
  const world = openWorld()
  await world.fleet(count)
  const set = await world.call('PUT', '/api/v1/components/api/licensing', {
    as: admin,
    body: { required: true, ...(channels && { channels }) },
  })
  const withoutLicence = { count, atLeast: false }
  expect([set.status, set.body]).toEqual([
    200,
    { component: 'api', required: true, channels, withoutLicence },
  ])
  return world
}

const define = (world: World, body: object = {}, licence = id) =>
  world.call('PUT', `/api/v1/licences/${licence}`, { body: { label: 'Customer 17', ...body } })

const give = (world: World, target: string, licence: string | null = id) =>
  world.call('PUT', `/api/v1/targets/${target}/licence`, { body: { licence } })

/** An agent as the authorizer lets it in: no read of its target comes before the check's own. */
const agent = (target: string, tokenHash = '') => ({ lambda: { kind: 'agent', target, tokenHash } }) as const

function check(world: World, target: string, presented?: string, headers: Record<string, string> = {}) {
  return world.call('GET', '/api/v1/updates/check', {
    as: agent(target),
    headers: { ...(presented !== undefined && { 'x-license-key': presented }), ...headers },
  })
}

const accept = (world: World, target: string, { body: { version, attempt } }: Reply) =>
  world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body: { version, attempt, status: 'in-progress', timestamp: '2026-01-05T10:00:00Z' },
  })

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const plan = (world: World) => world.call('POST', '/api/upgrades/plan', { body: everybody })
const without = ({ body: { nextCheckSeconds: _, ...body } }: Reply) => body
const nothing = { updateAvailable: false, reason: 'not_entitled' }

async function isSound(world: World): Promise<void> {
  await world.settle()
  const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
  // This world has no executions: waves are started in nobody's name.
  expect(findings.filter(({ invariant }) => invariant !== 'I12')).toEqual([])
}

it('M18: a licence that is exchanged while another was asked about begins nothing', async () => {
  const world = await licensed(1)
  await define(world)
  await give(world, 'cust_0001')
  await deployed(world, everybody)
  const offer = await check(world, 'cust_0001')
  const { load } = world.services.log
  let asked = 0
  world.services.log.load = (async (aggregate: { name: string }, id: string) => {
    const loaded = await load(aggregate as never, id)
    if (aggregate.name === 'licence' && ++asked === 1) await give(world, 'cust_0001', null)
    return loaded
  }) as typeof load
  const refused = await accept(world, 'cust_0001', offer)
  world.services.log.load = load
  expect([asked, refused.status, refused.body.code]).toEqual([1, 409, 'not-entitled'])
  await isSound(world)
})

describe('M18: a licence', () => {
  it('is defined by the hash of its key, listed, read and revoked', async () => {
    const world = openWorld()
    const terms = { components: ['api'], channels: ['stable'], expires: '2026-02-01T00:00:00Z' }
    const made = await define(world, terms)
    expect([made.status, made.body]).toEqual([
      201,
      {
        ...{ licence: id, label: 'Customer 17', ...terms, revoked: null },
        expires: '2026-02-01T00:00:00.000Z',
      },
    ])
    // It was there, and nothing is changed.
    expect((await define(world, terms)).status).toBe(200)
    expect((await define(world, { ...terms, channels: null })).status).toBe(200)
    const [listed] = (await world.call('GET', '/api/v1/licences')).body.licences
    expect(listed).toMatchObject({ licence: id, channels: null, revoked: null })
    const reason = 'the contract has ended'
    const revoked = await world.call('POST', `/api/v1/licences/${id}/revoke`, { body: { reason } })
    expect(revoked.body.revoked).toMatchObject({ reason })
    const [after] = (await world.call('GET', '/api/v1/licences')).body.licences
    expect(after.revoked).toMatchObject({ reason })
    expect((await define(world, terms)).body.code).toBe('licence-revoked')
    expect((await world.call('GET', `/api/v1/licences/${sha256('other')}`)).status).toBe(404)
    expect((await world.call('PUT', `/api/v1/licences/${key}`, { body: {} })).status).toBe(400)
  })

  it('leaves out of a plan whoever has none that entitles to the release, and says so', async () => {
    const world = await licensed(5)
    await define(world)
    await define(world, { components: ['web'] }, sha256('for the web'))
    await define(world, { expires: '2026-01-05T09:59:59Z' }, sha256('over'))
    await define(world, {}, sha256('revoked'))
    await give(world, 'cust_0001')
    await give(world, 'cust_0002', sha256('for the web'))
    await give(world, 'cust_0003', sha256('over'))
    await give(world, 'cust_0004', sha256('revoked'))
    await world.call('POST', `/api/v1/licences/${sha256('revoked')}/revoke`, { body: { reason: 'over' } })
    const { body } = await plan(world)
    expect([body.total, body.leftOutCounts]).toEqual([1, { not_entitled: 4 }])
    await world.call('PUT', '/api/v1/components/api/licensing', { as: admin, body: { required: false } })
    expect((await plan(world)).body.total).toBe(5)
  })

  it('is missing to so many as the answer says, and to whoever asks why', async () => {
    const world = await licensed(3)
    await define(world)
    const give = (target: string) =>
      world.call('PUT', `/api/v1/targets/${target}/licence`, { body: { licence: id } })
    await give('cust_0001')
    await world.call('POST', '/api/v1/targets/cust_0003/retire', { body: { reason: 'moved' } })
    await world.settle()
    const asked = async (body: object) =>
      (await world.call('PUT', '/api/v1/components/api/licensing', { as: admin, body })).body.withoutLicence
    expect(await asked({ required: true, channels: ['stable'] })).toEqual({ count: 1, atLeast: false })
    expect(await asked({ required: false })).toEqual({ count: 0, atLeast: false })
    await asked({ required: true })
    const why = async (target: string) => {
      const { reasons } = (await world.call('GET', `/api/v1/targets/${target}/explain`)).body
      return reasons.filter(({ code }: { code: string }) => code === 'not_entitled').length
    }
    expect([await why('cust_0001'), await why('cust_0002')]).toEqual([0, 1])
  })

  it('is asked for on the channels that need one alone', async () => {
    const world = await licensed(2, ['beta'])
    expect((await plan(world)).body.total).toBe(2)
    await world.call('PUT', '/api/v1/components/api/licensing', {
      as: admin,
      body: { required: true, channels: ['stable'] },
    })
    expect((await plan(world)).body.code).toBe('nothing-to-upgrade')
  })

  it('that is presented is the one that the target has, and no check of it costs a read more', async () => {
    const world = await licensed(2)
    await define(world)
    expect(without(await check(world, 'cust_0001'))).toEqual(nothing)
    const first = await check(world, 'cust_0001', key)
    expect(without(first)).toEqual({ updateAvailable: false })
    expect((await world.call('GET', '/api/v1/targets/cust_0001')).body.licence).toBe(id)
    const [listed] = (await world.call('GET', '/api/v1/targets')).body.targets
    expect(listed.licence).toBe(id)
    const { etag } = first.headers
    // Whatever the instance remembers of licences is forgotten; what it knows of components another target has just asked for.
    world.pass(120)
    await check(world, 'cust_0002')
    world.reads.length = 0
    const again = await world.call('GET', '/api/v1/updates/check', {
      as: agent('cust_0001', sha256('key of cust_0001')),
      headers: { 'x-license-key': key, 'if-none-match': etag ?? '' },
    })
    expect([again.status, world.reads]).toEqual([304, ['target#cust_0001']])
    expect((await plan(world)).body.total).toBe(1)
  })

  it('is never told from one that is not there, unless it entitles to something', async () => {
    const world = await licensed(1)
    await define(world, { components: ['web'] }, sha256('for the web'))
    await define(world, { expires: '2026-01-05T09:59:59Z' }, sha256('over'))
    await define(world, {}, sha256('revoked'))
    await world.call('POST', `/api/v1/licences/${sha256('revoked')}/revoke`, { body: { reason: 'over' } })
    const answers: unknown[] = []
    for (const presented of ['of no licence', 'for the web', 'over', 'revoked', undefined]) {
      world.pass(120)
      world.reads.length = 0
      const { status, headers, body } = await check(world, 'cust_0001', presented)
      const looked = world.reads.filter((stream) => stream.startsWith('licence#')).length
      if (presented !== undefined) expect(looked).toBe(1)
      answers.push([status, headers.etag, body])
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(without(await check(world, 'cust_0001', 'revoked'))).toEqual(nothing)
  })

  it('is kept by its hash: the key stands nowhere, not in what refuses it either', async () => {
    const world = await licensed(1)
    await define(world)
    await check(world, 'cust_0001', key)
    await deployed(world, everybody)
    const refused = await check(world, 'cust_0001', key.repeat(20))
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.not.stringContaining(key)])
    expect(world.kept()).toContain(id)
    for (const kept of [world.kept(), JSON.stringify(world.lines)]) expect(kept).not.toContain(key)
  })

  it('has to entitle when it is assigned, offered and accepted, not only when it is planned', async () => {
    const world = await licensed(3)
    await define(world, { expires: '2026-01-06T00:00:00Z' })
    for (const target of ['cust_0001', 'cust_0002', 'cust_0003']) await give(world, target)
    const upgrade = await deployed(world, { ...everybody, parallel: 3 })
    const offers = await Promise.all(
      ['cust_0001', 'cust_0002', 'cust_0003'].map((target) => check(world, target)),
    )
    const [first, second] = offers
    if (!first || !second) throw new Error('Three were asked.')
    expect((await accept(world, 'cust_0001', first)).status).toBe(200)
    await world.call('POST', `/api/v1/licences/${id}/revoke`, { body: { reason: 'not paid' } })
    const refused = await accept(world, 'cust_0002', second)
    expect([refused.status, refused.body.code]).toEqual([409, 'not-entitled'])
    // What was accepted comes to its end; what was not is given back, and its upgrade waits for nobody.
    expect((await check(world, 'cust_0001')).body).toMatchObject({ updateAvailable: true, accepted: true })
    const manifest = await world.call('GET', '/api/v1/updates/manifest', { as: agent('cust_0002') })
    expect(manifest.body.code).toBe('nothing-offered')
    expect(without(await check(world, 'cust_0003'))).toEqual(nothing)
    await world.advance(upgrade)
    const { body } = await world.call('GET', `/api/upgrades/${upgrade}/status`)
    expect(body).toMatchObject({ skipped: 2, inProgress: 1, failed: 0 })
    const { attempts } = (await world.call('GET', '/api/v1/targets/cust_0002')).body
    expect(attempts[0]).toMatchObject({ outcome: 'skipped', code: 'not_entitled' })
    await isSound(world)
  })

  it('that was revoked between the plan and the assignment lets nothing be assigned', async () => {
    const world = await licensed(2)
    await define(world)
    await define(world, {}, sha256('another'))
    await give(world, 'cust_0001')
    await give(world, 'cust_0002', sha256('another'))
    const { body } = await world.call('POST', '/api/upgrades/deploy', { body: everybody })
    await world.call('POST', `/api/v1/licences/${id}/revoke`, { body: { reason: 'not paid' } })
    await world.advance(body.upgradeId)
    expect((await check(world, 'cust_0001')).body.updateAvailable).toBe(false)
    expect((await check(world, 'cust_0002')).body.updateAvailable).toBe(true)
    const [ended] = (await world.call('GET', '/api/v1/targets/cust_0001')).body.attempts
    expect(ended).toMatchObject({ outcome: 'skipped', code: 'not_entitled' })
    await isSound(world)
  })

  it('is not asked for on the way back', async () => {
    const world = await licensed(1)
    await define(world)
    await give(world, 'cust_0001')
    const upgrade = await deployed(world, everybody)
    const offered = await check(world, 'cust_0001')
    await accept(world, 'cust_0001', offered)
    const { version, attempt } = offered.body
    await world.call('POST', '/api/v1/updates/status', {
      as: agent('cust_0001'),
      body: { version, attempt, status: 'completed', timestamp: '2026-01-05T10:01:00Z' },
    })
    await world.advance(upgrade)
    await world.call('POST', `/api/v1/licences/${id}/revoke`, { body: { reason: 'not paid' } })
    const back = await world.call('POST', `/api/upgrades/${upgrade}/rollback`, { body: {} })
    await world.advance(back.body.upgradeId)
    expect((await check(world, 'cust_0001')).body).toMatchObject({ updateAvailable: true, kind: 'rollback' })
    await isSound(world)
  })

  it.each([
    ['that presents no key', undefined],
    ['that presents it', key],
    ['that presents one which is good for nothing', 'another-key'],
  ])('that was extended, or revoked, is heard of within a day by a target %s', async (_, presented) => {
    const world = await licensed(1)
    await define(world, { expires: '2026-01-05T12:00:00Z' })
    await give(world, 'cust_0001')
    const asked = async () => without(await check(world, 'cust_0001', presented))
    expect(await asked()).toEqual({ updateAvailable: false })
    world.pass(2 * 3600)
    expect(await asked()).toEqual(nothing)
    await define(world)
    world.pass(120)
    expect(await asked()).toEqual({ updateAvailable: false })
    await world.call('POST', `/api/v1/licences/${id}/revoke`, { body: { reason: 'not paid' } })
    let hours = 0
    while ((await asked()).reason === undefined && hours++ < 24) world.pass(3600)
    expect(hours).toBeLessThanOrEqual(24)
    expect((await world.call('GET', '/api/v1/targets/cust_0001')).body.licence).toBeNull()
  })

  it('that is taken away or unknown is refused by name', async () => {
    const world = await licensed(1)
    expect((await give(world, 'cust_0001')).body.code).toBe('licence-not-found')
    await define(world)
    expect((await give(world, 'cust_0001')).body.licence).toBe(id)
    expect((await give(world, 'nobody')).status).toBe(404)
    expect((await give(world, 'cust_0001', null)).body.licence).toBeNull()
    await world.call('POST', `/api/v1/licences/${id}/revoke`, { body: { reason: 'not paid' } })
    expect((await give(world, 'cust_0001')).body.code).toBe('licence-revoked')
  })
})
