import { describe, expect, it } from 'vitest'
import { canonicalJson, sha256 } from '../../events/canonical.ts'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { noteUnsignedReleases } from '../../functions/reactor/upgrades/judge-unsigned.ts'
import { manifestOf, newSigner, type Signer, signatureOf } from '../domain/trust/signing.ts'
import { type Caller, deployed, openWorld, report, type World } from './world.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const agent = (target: string): Caller => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
const [alice, bob, mallory] = [newSigner(), newSigner(), newSigner()]
const day = 86_400

async function trusting(world: World, signer: Signer, scope: object = {}) {
  const body = { publicKey: signer.publicKey, label: 'a signer', ...scope }
  const reply = await world.call('POST', '/api/v1/keys', { as: admin, body })
  expect([reply.status, reply.body.keyId]).toEqual([201, signer.keyId])
}

const send = (world: World, manifest: object, signatures: readonly object[]) =>
  world.call('POST', '/api/v1/releases', { body: { manifest, signatures } })

const publish = (world: World, manifest: object, ...signers: readonly Signer[]) =>
  send(
    world,
    manifest,
    signers.map((signer) => signatureOf(signer, manifest)),
  )

const revoke = (world: World, { keyId }: Signer, more: object = {}) =>
  world.call('POST', `/api/v1/keys/${keyId}/revoke`, {
    as: admin,
    body: { reason: 'a laptop was stolen', ...more },
  })

/** A release that follows 2.4.0 on stable. */
const next = (changes: object = {}) => {
  const artifact = { sha256: 'c'.repeat(64), length: 1000 }
  return manifestOf({ version: '2.5.0', counter: 8, components: { backend: artifact }, ...changes })
}

/** Opens a world in which releases have to be signed, and these may sign. */
async function openSigned(...signers: readonly Signer[]): Promise<World> {
  const world = openWorld({ unsignedReleases: 'refused' })
  await noteUnsignedReleases({ log: world.log, unsignedReleases: 'refused' })
  for (const signer of signers) await trusting(world, signer)
  return world
}

/** The same, with `count` targets that run 2.4.1, and 2.5.0 published beside it. */
async function openFleet(count: number, ...signers: readonly Signer[]): Promise<World> {
  const world = await openSigned(...signers)
  expect((await publish(world, manifestOf(), ...signers)).status).toBe(201)
  expect((await publish(world, next(), ...signers)).status).toBe(201)
  const targets = Array.from({ length: count }, (_, place) => ({
    id: `t${place + 1}`,
    components: { api: '2.4.1' },
  }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  return world
}

const everybody = { component: 'api', version: '2.5.0', strategy: 'all' }

const plan = (world: World, body: object = everybody) => world.call('POST', '/api/upgrades/plan', { body })

async function isSound(world: World): Promise<void> {
  await world.settle()
  const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
  // This world has no executions: waves are started in nobody's name.
  expect(findings.filter(({ invariant }) => invariant !== 'I12')).toEqual([])
}

/** Whatever was refused is not there, and has left nothing. */
async function expectRefused(world: World, manifest: { version: string }, signatures: readonly object[]) {
  const before = world.log.records.length
  const { status, body } = await send(world, manifest, signatures)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(world.log.records.length).toBe(before)
  return [status, body.code, body.errors?.[0]?.field]
}

describe('M17: a signed release', () => {
  it('is published with its manifest, once, and says what it is', async () => {
    const world = await openSigned(alice)
    const manifest = manifestOf()
    const first = await publish(world, manifest, alice)
    expect([first.status, first.body]).toMatchObject([
      201,
      {
        ...{ component: 'api', version: '2.4.1', channel: 'stable', sizeBytes: 125_004_096 },
        signed: { counter: 7, expires: '2026-07-01T00:00:00.000Z', minimumVersion: '2.0.0', signatures: 1 },
      },
    ])
    expect((await publish(world, manifest, alice)).status).toBe(200)
    const read = await world.call('GET', '/api/v1/releases/api/2.4.1/manifest')
    expect(read.body).toEqual({
      digest: first.body.digest,
      manifest,
      signatures: [signatureOf(alice, manifest)],
    })
    const { body } = await world.call('GET', '/api/v1/releases')
    expect(body.releases).toMatchObject([{ digest: first.body.digest, signed: { signatures: 1 } }])
    expect((await world.call('GET', '/api/v1/components/api')).body.counters).toEqual({
      stable: { counter: 7, version: '2.4.1' },
    })
    await isSound(world)
  })

  it('never becomes another one under its name', async () => {
    const world = await openSigned(alice)
    await publish(world, manifestOf(), alice)
    const other = await publish(world, manifestOf({ mandatory: true, counter: 8 }), alice)
    expect([other.status, other.body.code]).toEqual([409, 'release-exists'])
  })

  it('takes more signatures, by which one key follows another', async () => {
    const world = await openFleet(1, alice)
    await trusting(world, bob)
    await revoke(world, alice, { from: '2026-01-06T10:00:00Z' })
    const added = await publish(world, next(), bob)
    expect([added.status, added.body.signed.signatures]).toEqual([200, 2])
    world.pass(2 * day)
    expect((await plan(world)).status).toBe(200)
    const { body } = await world.call('GET', '/api/v1/releases')
    expect(body.releases.map(({ signed }: { signed: object }) => signed)).toMatchObject([
      { signatures: 1 },
      { signatures: 2 },
    ])
  })

  it('is refused without a signature, in so many words', async () => {
    const world = await openSigned(alice)
    const body = { component: 'api', version: '1.0.0', digest: `sha256:${'a'.repeat(64)}` }
    const { status, body: problem } = await world.call('POST', '/api/v1/releases', { body })
    expect([status, problem.code, problem.errors[0].field]).toEqual([422, 'release-unsigned', 'signatures'])
    expect(problem.detail).toContain('A digest is a checksum')
    expect((await world.call('GET', '/api/v1/releases/api/1.0.0')).status).toBe(404)
  })

  it('is on another channel once enough keys have signed it that may sign for that', async () => {
    const world = await openSigned()
    await trusting(world, alice, { channels: ['beta'] })
    await trusting(world, bob)
    const manifest = manifestOf({ channel: 'beta' })
    await publish(world, manifest, alice)
    const promote = () =>
      world.call('POST', '/api/v1/releases/api/2.4.1/promote', {
        body: { channel: 'stable', reason: 'two weeks' },
      })
    const refused = await promote()
    expect([refused.status, refused.body.code]).toEqual([422, 'release-distrusted'])
    await publish(world, manifest, bob)
    expect((await promote()).body.channel).toBe('stable')
    expect((await promote()).status).toBe(200)
    // What it was registered as stays what it is.
    expect((await publish(world, manifest, bob)).status).toBe(200)
    const listed = await world.call('GET', '/api/v1/releases', { query: { channel: 'stable' } })
    expect(listed.body.count).toBe(1)
  })
})

describe('S15: a hostile release is refused with a code and a place, and leaves nothing', () => {
  it.each([
    ['a key that nobody registered', [mallory], {}, [422, 'key-unknown', 'signatures.0.keyId']],
    ['one signature too few', [alice], {}, [422, 'threshold-not-met', 'signatures']],
    ['one key twice', [alice, alice], {}, [422, 'key-repeated', 'signatures.1.keyId']],
    [
      'an expiry that has passed',
      [alice, bob],
      { expires: '2026-01-05T10:00:00Z' },
      [422, 'release-expired', 'manifest.expires'],
    ],
    [
      'parts of two releases',
      [alice, bob],
      { components: { backend: { version: '2.4.0', sha256: 'a'.repeat(64), length: 1 } } },
      [422, 'components-mixed', 'manifest.components.backend.version'],
    ],
    [
      'another length than it says',
      [alice, bob],
      { components: { backend: { sha256: 'a'.repeat(64), length: 1, size: '125MB' } } },
      [422, 'artifact-length-wrong', 'manifest.components.backend.length'],
    ],
    [
      'a version that is none',
      [alice, bob],
      { version: '2', components: next().components },
      [422, 'version-invalid', undefined],
    ],
    [
      'no digest',
      [alice, bob],
      { components: { backend: { length: 1 } } },
      [400, 'validation-failed', 'manifest.components.backend.sha256'],
    ],
    [
      'no length',
      [alice, bob],
      { components: { backend: { sha256: 'a'.repeat(64) } } },
      [400, 'validation-failed', 'manifest.components.backend.length'],
    ],
    ['no parts', [alice, bob], { components: {} }, [400, 'validation-failed', 'manifest.components']],
    [
      'a field that is not known',
      [alice, bob],
      { approved: true },
      [400, 'validation-failed', 'manifest.approved'],
    ],
    [
      'a moving word as its version',
      [alice, bob],
      { version: 'latest' },
      [400, 'validation-failed', 'manifest.version'],
    ],
  ] as const)('%s', async (_, signers, changes, expected) => {
    const world = await openSigned(alice, bob)
    await world.call('PUT', '/api/v1/trust', { as: admin, body: { threshold: 2 } })
    const manifest = manifestOf(changes)
    const signatures = signers.map((signer) => signatureOf(signer, manifest))
    expect(await expectRefused(world, manifest, signatures)).toEqual(expected)
  })

  it('one byte that was changed after it was signed', async () => {
    const world = await openSigned(alice)
    const signatures = [signatureOf(alice, manifestOf())]
    const changed = manifestOf({ components: { backend: { sha256: 'd'.repeat(64), length: 125_000_000 } } })
    expect(await expectRefused(world, changed, signatures)).toEqual([
      422,
      'signature-invalid',
      'signatures.0.signature',
    ])
  })

  it('a checksum in the place of a signature', async () => {
    const world = await openSigned(alice)
    const signature = { keyId: alice.keyId, signature: `sha256:${'a'.repeat(64)}` }
    expect(await expectRefused(world, manifestOf(), [signature])).toEqual([
      422,
      'checksum-is-no-signature',
      'signatures.0.signature',
    ])
  })

  it('a key that was revoked, or is for something else', async () => {
    const world = await openSigned(alice)
    await trusting(world, bob, { components: ['web'] })
    expect(await expectRefused(world, manifestOf(), [signatureOf(bob, manifestOf())])).toEqual([
      422,
      'key-not-entitled',
      'signatures.0.keyId',
    ])
    await revoke(world, alice)
    expect(await expectRefused(world, manifestOf(), [signatureOf(alice, manifestOf())])).toEqual([
      422,
      'key-revoked',
      'signatures.0.keyId',
    ])
  })
})

describe('S16: an attack on updates', () => {
  it('rollback: an older release is not published after a newer one, signed as it may be', async () => {
    const world = await openSigned(alice)
    await publish(world, next(), alice)
    const older = manifestOf()
    expect(await expectRefused(world, older, [signatureOf(alice, older)])).toEqual([
      422,
      'counter-not-newer',
      'manifest.counter',
    ])
  })

  it('freeze: what has expired is planned for nobody, however long it was the newest', async () => {
    const world = await openFleet(1, alice)
    expect((await plan(world)).status).toBe(200)
    world.pass(200 * day)
    const late = await plan(world)
    expect([late.status, late.body.code]).toEqual([422, 'release-expired'])
    const latest = await plan(world, { ...everybody, version: 'latest' })
    expect([latest.status, latest.body.code]).toEqual([422, 'release-expired'])
  })

  it('fast-forward: no counter leaps so far that nothing could follow', async () => {
    const world = await openSigned(alice)
    await publish(world, manifestOf(), alice)
    const far = next({ counter: Number.MAX_SAFE_INTEGER })
    expect(await expectRefused(world, far, [signatureOf(alice, far)])).toEqual([
      422,
      'counter-leaps',
      'manifest.counter',
    ])
    expect((await publish(world, next({ counter: 90_000_000 }), alice)).status).toBe(201)
    expect((await publish(world, next({ version: '2.5.1', counter: 90_000_001 }), alice)).status).toBe(201)
  })

  it('mix and match: parts of two signed releases are no release, whichever signatures come along', async () => {
    const world = await openSigned(alice)
    const [older, newer] = [manifestOf(), next()]
    const mixed = { ...newer, components: { ...newer.components, database: older.components.database } }
    for (const signed of [older, newer])
      expect(await expectRefused(world, mixed, [signatureOf(alice, signed)])).toEqual([
        422,
        'signature-invalid',
        'signatures.0.signature',
      ])
  })

  it('substitution: a release of one component is none of another, nor of another channel', async () => {
    const world = await openSigned(alice)
    for (const change of [
      { component: 'web' },
      { channel: 'beta' },
      { version: '2.4.2', components: next().components },
    ])
      expect(await expectRefused(world, manifestOf(change), [signatureOf(alice, manifestOf())])).toEqual([
        422,
        'signature-invalid',
        'signatures.0.signature',
      ])
  })

  it('a crash between counter and release leaves the way to the very same manifest', async () => {
    const world = await openSigned(alice)
    const { log } = world
    const execute = log.execute.bind(log)
    let broken = true
    log.execute = async (aggregate, ...rest) => {
      if (aggregate.name === 'release' && broken) throw new Error('The function was killed here.')
      return execute(aggregate, ...rest)
    }
    expect((await publish(world, manifestOf(), alice)).status).toBe(500)
    broken = false
    const other = manifestOf({ mandatory: true })
    expect(await expectRefused(world, other, [signatureOf(alice, other)])).toEqual([
      422,
      'counter-not-newer',
      'manifest.counter',
    ])
    expect((await publish(world, manifestOf(), alice)).status).toBe(201)
  })
})

const accept = (world: World, target: string) =>
  world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body: { version: '2.5.0', timestamp: '2026-01-05T10:00:00Z', status: 'in-progress' },
  })

describe('S17: whether a release is trusted is asked again', () => {
  const offer = async (world: World, target: string) =>
    (await world.call('GET', '/api/v1/updates/check', { as: agent(target) })).body.updateAvailable
  const status = async (world: World, id: string) =>
    (await world.call('GET', `/api/upgrades/${id}/status`)).body

  it('when it is planned: by whom it was signed counts as it is now', async () => {
    const world = await openFleet(1, alice)
    await revoke(world, alice)
    const { status, body } = await plan(world)
    expect([status, body.code]).toEqual([422, 'release-distrusted'])
    expect(body.detail).toContain('a laptop was stolen')
  })

  it('when it is planned: more keys are asked for by now', async () => {
    const world = await openFleet(1, alice)
    await trusting(world, bob)
    await world.call('PUT', '/api/v1/trust', { as: admin, body: { threshold: 1, components: { api: 2 } } })
    expect((await plan(world)).body).toMatchObject({
      code: 'release-distrusted',
      detail: expect.stringContaining('1 of the 2 keys'),
    })
    await publish(world, next(), bob)
    expect((await plan(world)).status).toBe(200)
  })

  it('when it is planned: what nobody has signed, where the deployment refuses that by now', async () => {
    const world = openWorld()
    await world.fleet(2)
    const body = { ...everybody, version: 'v1.2.0' }
    expect((await plan(world, body)).status).toBe(200)
    await noteUnsignedReleases({ log: world.log, unsignedReleases: 'refused' })
    expect((await plan(world, body)).body).toMatchObject({ code: 'release-unsigned' })
    await noteUnsignedReleases({ log: world.log, unsignedReleases: 'allowed' })
    expect((await plan(world, body)).status).toBe(200)
  })

  it.each([
    ['its key is revoked', (world: World) => revoke(world, alice)],
    [
      'it is blocked',
      (world: World) =>
        world.call('POST', '/api/v1/releases/api/2.5.0/block', { body: { reason: 'it loses orders' } }),
    ],
  ])('when it is handed over and assigned: the upgrade stands still once %s', async (_, spoil) => {
    const world = await openFleet(3, alice)
    const id = await deployed(world, { ...everybody, parallel: 1 })
    expect(
      (await Promise.all(['t1', 't2', 't3'].map((target) => offer(world, target)))).filter(Boolean),
    ).toHaveLength(1)
    const first = (await offer(world, 't1')) ? 't1' : (await offer(world, 't2')) ? 't2' : 't3'
    await spoil(world)
    // The agent is faster than whoever tells the upgrade.
    const refused = await world.call('POST', '/api/v1/updates/status', {
      early: true,
      as: agent(first),
      body: { version: '2.5.0', timestamp: '2026-01-05T10:00:00Z', status: 'in-progress' },
    })
    expect([refused.status, refused.body.code]).toEqual([409, 'release-refused'])
    await world.settle()
    const { status: word, holds } = await status(world, id)
    expect(word).toBe('paused')
    expect(JSON.stringify(holds)).toContain('must not be rolled out')
    // Whoever resumes it without mending that moves nothing.
    await world.call('POST', `/api/upgrades/${id}/resume`, { body: {} })
    await world.advance(id)
    expect((await status(world, id)).status).toBe('paused')
    for (const target of ['t1', 't2', 't3']) expect(await offer(world, target)).toBe(false)
    await isSound(world)
  })

  it('when it is handed over: it has expired since it was offered', async () => {
    const world = await openSigned(alice)
    await publish(world, next({ expires: '2026-01-05T10:30:00Z' }), alice)
    const targets = [{ id: 't1', components: { api: '2.4.1' } }]
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    await deployed(world, everybody)
    world.pass(1800)
    const refused = await accept(world, 't1')
    expect([refused.status, refused.body.code]).toEqual([409, 'release-refused'])
    expect(refused.body.detail).toContain('expired')
  })

  it('goes on when the block is lifted', async () => {
    const world = await openFleet(1, alice)
    const block = (word: string) =>
      world.call('POST', `/api/v1/releases/api/2.5.0/${word}`, { body: { reason: 'it loses orders' } })
    await block('block')
    expect((await plan(world)).body).toMatchObject({ code: 'release-blocked' })
    // What stands in for it is asked for by name no less.
    expect((await plan(world, { ...everybody, version: 'latest' })).body.code).toBe('nothing-to-upgrade')
    expect((await block('unblock')).body.blocked).toBeNull()
    expect((await plan(world)).status).toBe(200)
  })

  it('of a rollback too: back to what has expired, and not to what nobody vouches for any more', async () => {
    const world = await openSigned(alice, bob)
    await publish(world, manifestOf({ expires: '2026-01-07T00:00:00Z' }), alice)
    await publish(world, next(), bob)
    const targets = [{ id: 't1', components: { api: '2.4.1' } }]
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const id = await deployed(world, everybody)
    expect(await report(world)).toEqual(['t1'])
    await world.advance(id)
    world.pass(3 * day)
    await revoke(world, alice)
    const back = (body: object = {}) => world.call('POST', `/api/upgrades/${id}/rollback`, { body })
    const refused = await back()
    expect([refused.status, refused.body.leftOutCounts]).toEqual([409, { release_distrusted: 1 }])
    // A second person may lift a withdrawal, and vouches for no release.
    const lifted = await back({ toWithdrawn: { reason: 'the lesser evil' } })
    expect([lifted.status, lifted.body.leftOutCounts]).toEqual([409, { release_distrusted: 1 }])
  })

  it('of a rollback: what has expired is good enough to go back to', async () => {
    const world = await openSigned(alice)
    await publish(world, manifestOf({ expires: '2026-01-07T00:00:00Z' }), alice)
    await publish(world, next(), alice)
    await world.call('POST', '/api/v1/targets', {
      body: { targets: [{ id: 't1', components: { api: '2.4.1' } }] },
    })
    const id = await deployed(world, everybody)
    await report(world)
    await world.advance(id)
    world.pass(3 * day)
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`, { body: {} })
    expect(back.status).toBe(202)
    await world.advance(back.body.upgradeId)
    expect(await report(world)).toEqual(['t1'])
    await isSound(world)
  })
})

describe('where a part is downloaded', () => {
  const artifact = { sha256: 'a'.repeat(64), length: 12 }
  const withUrl = (url?: string) =>
    next({ components: { backend: { ...artifact, ...(url !== undefined && { url }) } } })

  it('is an address by https, and it says so', async () => {
    const world = await openSigned(alice)
    const { status, body } = await publish(world, withUrl('http://updates.example.com/a'), alice)
    expect([status, body.errors]).toEqual([
      400,
      [
        expect.objectContaining({
          field: 'manifest.components.backend.url',
          expected: 'an address that begins with https://',
        }),
      ],
    ])
  })

  it.each([
    [undefined, ['url_missing']],
    ['https://updates.example.com/a', []],
  ])('is %s, and plans warn of it: %j', async (url, codes) => {
    const world = await openSigned(alice)
    await publish(world, withUrl(url), alice)
    const targets = [{ id: 't1', components: { api: '2.4.1' } }]
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const { warnings } = (await plan(world)).body
    const told = warnings.filter(({ code }: { code: string }) => code === 'url_missing')
    expect(told.map(({ code }: { code: string }) => code)).toEqual(codes)
  })
})

describe('M2: minimumVersion', () => {
  it('leaves out whoever runs something older', async () => {
    const world = await openSigned(alice)
    await publish(world, next({ minimumVersion: '2.4.0' }), alice)
    const runs = { t1: '2.3.9', t2: '2.4.0', t3: '2.4.1', t4: '2.4.0-beta.1', t5: 'something' }
    const targets = Object.entries(runs).map(([id, api]) => ({ id, components: { api } }))
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const { body } = await plan(world)
    expect([body.total, body.leftOutCounts]).toEqual([2, { below_minimum_version: 2, version_unplaced: 1 }])
  })
})

describe('keys', () => {
  it('are registered, listed and revoked by administrators', async () => {
    const world = await openSigned(alice)
    const again = { publicKey: alice.publicKey, label: 'a signer' }
    expect((await world.call('POST', '/api/v1/keys', { as: admin, body: again })).status).toBe(200)
    const operator = await world.call('POST', '/api/v1/keys', { body: again })
    expect([operator.status, operator.body.code]).toEqual([403, 'forbidden'])
    await revoke(world, alice)
    const { body } = await world.call('GET', '/api/v1/keys')
    expect(body).toMatchObject({
      count: 1,
      nextCursor: null,
      keys: [
        {
          ...{ keyId: alice.keyId, registeredBy: 'admin-1', components: null, channels: null },
          revoked: { reason: 'a laptop was stolen', by: 'admin-1', from: '2026-01-05T10:00:00.000Z' },
        },
      ],
    })
    const unknown = await revoke(world, mallory)
    expect([unknown.status, unknown.body.code]).toEqual([404, 'key-not-found'])
    const wrong = await world.call('POST', '/api/v1/keys', {
      as: admin,
      body: { ...again, publicKey: 'abc' },
    })
    expect([wrong.status, wrong.body.code, wrong.body.errors[0].field]).toEqual([
      422,
      'key-invalid',
      'publicKey',
    ])
  })

  it('are never asked for in a number that there is not', async () => {
    const world = await openSigned(alice)
    const { status, body } = await world.call('PUT', '/api/v1/trust', { as: admin, body: { threshold: 2 } })
    expect([status, body.code, body.errors[0].field]).toEqual([422, 'threshold-unreachable', 'threshold'])
    expect((await world.call('GET', '/api/v1/trust')).body).toEqual({
      ...{ threshold: 1, components: {}, unsignedReleases: 'refused' },
      assignmentKey: { keyId: 'a key in memory', publicKey: expect.stringContaining('PUBLIC KEY') },
    })
  })
})

describe('an agent', () => {
  const url = 'https://updates.example.com/2.5.0.tar'
  const artifact = { sha256: 'c'.repeat(64), length: 1000, url }
  const ask = (world: World, target: string, path = 'manifest', query = {}) =>
    world.call('GET', `/api/v1/updates/${path}`, { as: agent(target), query })

  it('is told where its artifact lies and who signed it, and reads the very text that was signed', async () => {
    const world = await openSigned(alice, bob)
    const manifest = next({ mandatory: true, components: { backend: artifact } })
    await publish(world, manifest, alice, bob)
    const targets = [{ id: 't1', components: { api: '2.4.1' } }]
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const early = await ask(world, 't1')
    expect([early.status, early.body.code]).toEqual([404, 'nothing-offered'])
    await deployed(world, everybody)
    const check = (await ask(world, 't1', 'check')).body
    const { signature } = signatureOf(alice, manifest)
    expect(check).toMatchObject({
      ...{ version: '2.5.0', mandatory: true, downloadUrl: url },
      signature: `ed25519:${alice.keyId}:${signature}`,
    })
    const read = await ask(world, 't1')
    expect([read.status, read.body]).toEqual([
      200,
      {
        ...{ target: 't1', attempt: check.attempt, component: 'api', version: '2.5.0', digest: check.digest },
        manifest: canonicalJson(manifest),
        signatures: [signatureOf(alice, manifest), signatureOf(bob, manifest)],
      },
    ])
    expect(`sha256:${sha256(read.body.manifest)}`).toBe(check.digest)
    expect((await accept(world, 't1')).status).toBe(200)
    expect((await ask(world, 't1')).body).toEqual(read.body)
  })

  it('reads of no release but its own, nor for a target that is not behind it', async () => {
    const world = await openFleet(2, alice)
    await deployed(world, { ...everybody, targets: { ids: ['t1'] } })
    expect((await ask(world, 't2')).body.code).toBe('nothing-offered')
    expect((await ask(world, 't2', 'manifest', { target: 't1' })).body.code).toBe('target-not-found')
  })

  it('finds the artifacts of several parts in the manifest alone, and nothing of what nobody has signed', async () => {
    const world = await openSigned(alice)
    await publish(world, next({ components: { backend: artifact, frontend: artifact } }), alice)
    const targets = [{ id: 't1', components: { api: '2.4.1' } }]
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    await deployed(world, everybody)
    expect((await ask(world, 't1', 'check')).body).toMatchObject({ mandatory: false, downloadUrl: null })

    const unsigned = openWorld()
    await unsigned.call('POST', '/api/v1/releases', {
      body: { component: 'api', version: '2.5.0', digest: `sha256:${'d'.repeat(64)}` },
    })
    await unsigned.call('POST', '/api/v1/targets', { body: { targets } })
    await deployed(unsigned, everybody)
    expect((await ask(unsigned, 't1', 'check')).body).toMatchObject({ signature: null, downloadUrl: null })
    expect((await ask(unsigned, 't1')).body.code).toBe('release-not-found')
  })
})
