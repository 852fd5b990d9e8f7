import { beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson } from '../../events/canonical.ts'
import { fromImage } from '../../events/envelope.ts'
import { unarmored } from '../../events/openpgp-packets.ts'
import { certificateIn } from '../../functions/api/releases/certificate.ts'
import { audit } from '../../functions/audit/audit.ts'
import { noteUnsignedReleases } from '../../functions/reactor/upgrades/judge-unsigned.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { gpgKey, vectors } from '../openpgp/gpg.ts'
import { newOpenPgpSigner, type OpenPgpSigner, openPgpSignatureOf } from '../openpgp/signer.ts'
import { type Caller, deployed, openWorld, report, type World } from './world.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const alice = newSigner()
let bob: OpenPgpSigner
beforeAll(async () => {
  bob = await newOpenPgpSigner()
})

const day = 86_400

const register = (world: World, publicKey: string, scope: object = {}) =>
  world.call('POST', '/api/v1/keys', { as: admin, body: { publicKey, label: 'a signer', ...scope } })

const setThreshold = (world: World, threshold: number) =>
  world.call('PUT', '/api/v1/trust', { as: admin, body: { threshold } })

const send = (world: World, manifest: object, signatures: readonly object[]) =>
  world.call('POST', '/api/v1/releases', { body: { manifest, signatures } })

async function openSigned(...keys: readonly string[]): Promise<World> {
  const world = openWorld({ unsignedReleases: 'refused' })
  await noteUnsignedReleases({ log: world.log, unsignedReleases: 'refused' })
  for (const key of keys) expect((await register(world, key)).status).toBe(201)
  return world
}

/** Whatever was refused has left nothing. */
async function expectRefused(
  world: World,
  reply: Promise<{ status: number; body: Record<string, unknown> }>,
  records: number,
) {
  const { status, body } = await reply
  expect(status).toBeGreaterThanOrEqual(400)
  expect(world.log.records.length).toBe(records)
  return [status, body.code, (body.errors as { field: string }[] | undefined)?.[0]?.field]
}

describe('a certificate of OpenPGP', () => {
  it('is registered under its fingerprint, once, and listed with what its keys are worth', async () => {
    const world = await openSigned()
    const { certificate, fingerprints } = gpgKey('expired subkey')
    const first = await register(world, certificate, { components: ['api'] })
    expect([first.status, first.body]).toMatchObject([
      201,
      {
        ...{ keyId: fingerprints[0], scheme: 'openpgp', components: ['api'], revoked: null },
        publicKey: unarmored(certificate, 'PUBLIC KEY BLOCK')?.toString('base64'),
        keys: [
          { fingerprint: fingerprints[0], standing: 'signs', expires: null },
          { fingerprint: fingerprints[1], standing: 'expired', expires: '2025-12-20T12:00:00.000Z' },
        ],
      },
    ])
    expect((await register(world, certificate, { components: ['api'] })).status).toBe(200)
    const other = await register(world, certificate)
    expect([other.status, other.body.code]).toEqual([409, 'key-exists'])
    expect((await world.call('GET', '/api/v1/keys')).body.keys).toEqual([first.body])
  })

  it.each([
    ['weak', 'key-weak'],
    ['for encryption', 'key-cannot-sign'],
    ['expired', 'key-expired'],
    ['revoked', 'key-revoked'],
  ])('is not registered where it is %s', async (name, code) => {
    const world = await openSigned()
    const answer = register(world, gpgKey(name).certificate)
    expect(await expectRefused(world, answer, world.log.records.length)).toEqual([422, code, 'publicKey'])
  })

  it('is not a private key: that is refused in so many words, and nothing of it is kept or said', async () => {
    const world = await openSigned()
    const records = world.log.records.length
    const secret = vectors.secret.replaceAll('PRIVATE', 'PUBLIC')
    for (const offered of [vectors.secret, secret]) {
      const reply = await register(world, offered)
      expect(reply.status).toBe(422)
      expect(reply.body.code).toBe('key-invalid')
      expect(reply.body.detail).toContain('This is a private key')
      expect(JSON.stringify(reply.body)).not.toContain(offered.split('\n')[3])
    }
    expect(world.log.records.length).toBe(records)
  })

  it('that was revoked never comes back, in no form', async () => {
    const world = await openSigned(bob.certificate)
    const revoked = await world.call('POST', `/api/v1/keys/${bob.primary}/revoke`, {
      as: admin,
      body: { reason: 'a laptop was stolen' },
    })
    expect(revoked.body.revoked.reason).toBe('a laptop was stolen')
    const { keys } = await certificateIn(bob.certificate, '2026-01-05T08:00:00Z')
    for (const publicKey of [bob.certificate, ...keys.map(({ publicKey }) => publicKey ?? '')])
      expect((await register(world, publicKey)).body.code).toBe('key-revoked')
    const manifest = manifestOf()
    const answer = send(world, manifest, [await openPgpSignatureOf(bob, manifest)])
    expect(await expectRefused(world, answer, world.log.records.length)).toEqual([
      ...[422, 'key-revoked', 'signatures.0.keyId'],
    ])
  })
})

describe('a key counts once', () => {
  it('whether it is registered as Ed25519 or in a certificate, by the primary key or a subkey', async () => {
    const { keys } = await certificateIn(bob.certificate, '2026-01-05T08:00:00Z')
    for (const { publicKey } of keys) {
      const world = await openSigned(bob.certificate)
      expect((await register(world, publicKey ?? '')).body.code).toBe('key-exists')
      const turned = await openSigned(publicKey ?? '')
      expect((await register(turned, bob.certificate)).body.code).toBe('key-exists')
    }
  })

  it('whether its signatures name the primary key, the subkey, or nothing', async () => {
    const world = await openSigned(alice.publicKey, gpgKey('ed25519').certificate)
    await setThreshold(world, 2)
    const { fingerprints, signatures } = gpgKey('ed25519')
    const [byPrimary = '', bySubkey = ''] = Object.values(signatures)
    const manifest = manifestOf()
    expect(canonicalJson(manifest)).toBe(vectors.text)
    const all = [byPrimary, bySubkey].flatMap((signature) =>
      [undefined, fingerprints[0], fingerprints[1]?.toUpperCase()].map((keyId) => ({
        ...{ scheme: 'openpgp', signature },
        ...(keyId !== undefined && { keyId }),
      })),
    )
    const records = world.log.records.length
    for (const one of all) {
      expect(await expectRefused(world, send(world, manifest, [one]), records)).toEqual([
        ...[422, 'threshold-not-met', 'signatures'],
      ])
      for (const other of all)
        expect(await expectRefused(world, send(world, manifest, [one, other]), records)).toEqual([
          ...[422, 'key-repeated', 'signatures.1.keyId'],
        ])
    }
    expect((await send(world, manifest, [...all.slice(0, 1), signatureOf(alice, manifest)])).status).toBe(201)
    // Nor is it added under another name.
    const again = await send(world, manifest, all.slice(4, 5))
    expect([again.status, again.body.signed.signatures]).toEqual([200, 2])
  })
})

describe('a release that is signed by OpenPGP', () => {
  it('is published, planned, assigned and handed over on the word of both schemes together', async () => {
    const world = await openSigned(alice.publicKey, bob.certificate)
    await setThreshold(world, 2)
    const manifest = manifestOf()
    const signatures = [signatureOf(alice, manifest), await openPgpSignatureOf(bob, manifest)]
    for (const one of signatures)
      expect((await send(world, manifest, [one])).body.code).toBe('threshold-not-met')
    expect((await send(world, manifest, signatures)).status).toBe(201)
    const { body } = await world.call('GET', '/api/v1/releases/api/2.4.1/manifest')
    expect(body.signatures).toEqual([signatures[0], { ...signatures[1], keyId: bob.primary }])
    await world.call('POST', '/api/v1/targets', {
      body: { targets: [{ id: 't1', components: { api: '2.4.0' } }] },
    })
    const id = await deployed(world, { component: 'api', version: '2.4.1', strategy: 'all' })
    expect(await report(world)).toEqual(['t1'])
    await world.advance(id)
    await world.settle()
    const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
    expect(findings.filter(({ invariant }) => invariant === 'I15')).toEqual([])
  })

  it('counts no more once its key is revoked, or has expired: when planned, and when handed over', async () => {
    const name = 'expiring'
    for (const end of ['revoked', 'expired']) {
      const world = await openSigned(gpgKey(name).certificate)
      const [signature = ''] = Object.values(gpgKey(name).signatures)
      expect((await send(world, manifestOf(), [{ scheme: 'openpgp', signature }])).status).toBe(201)
      const targets = ['t1', 't2'].map((id) => ({ id, components: { api: '2.4.0' } }))
      await world.call('POST', '/api/v1/targets', { body: { targets } })
      const plan = () =>
        world.call('POST', '/api/upgrades/plan', {
          body: { component: 'api', version: '2.4.1', strategy: 'all' },
        })
      expect((await plan()).status).toBe(200)
      const id = await deployed(world, { component: 'api', version: '2.4.1', strategy: 'all' })
      if (end === 'expired') world.pass(60 * day)
      else
        await world.call('POST', `/api/v1/keys/${gpgKey(name).fingerprints[0]}/revoke`, {
          as: admin,
          body: { reason: 'a laptop was stolen' },
        })
      const refused = await plan()
      expect([end, refused.status, refused.body.code]).toEqual([end, 422, 'release-distrusted'])
      expect(await report(world)).toEqual([])
      await world.settle()
      const { body } = await world.call('GET', `/api/upgrades/${id}`)
      expect(body.status).not.toBe('complete')
    }
  })

  it('is made good by another key of the same certificate, once the one that has signed it has expired', async () => {
    const { certificate, fingerprints, signatures } = gpgKey('expiring subkey')
    const [byPrimary, bySubkey] = fingerprints.map((fingerprint) => ({
      ...{ scheme: 'openpgp', signature: signatures[fingerprint] },
    }))
    const world = await openSigned(certificate)
    const publish = (one: object | undefined) => send(world, manifestOf(), [one ?? {}])
    const plan = async () => {
      const body = { component: 'api', version: '2.4.1', strategy: 'all' }
      return (await world.call('POST', '/api/upgrades/plan', { body })).status
    }
    const targets = [{ id: 't1', components: { api: '2.4.0' } }]
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    expect([(await publish(bySubkey)).status, await plan()]).toEqual([201, 200])
    // As long as it counts, a key is not heard twice.
    const records = world.log.records.length
    expect([(await publish(byPrimary)).status, world.log.records.length]).toEqual([200, records])
    world.pass(40 * day)
    expect(await plan()).toBe(422)
    const again = await publish(byPrimary)
    expect([again.status, again.body.signed.signatures, await plan()]).toEqual([200, 1, 200])
  })

  it.each([
    ['text mode', 'signature-text-mode'],
    ['SHA-1', 'digest-refused'],
    ['inline', 'signature-not-detached'],
    ['several', 'signature-not-single'],
    ['expiring', 'signature-expires'],
    ['critical notation', 'signature-critical-unknown'],
    ['future', 'signature-time-wrong'],
    ['another text', 'signature-invalid'],
  ])('is refused where it is %s, with a code and a place, and leaves nothing', async (name, code) => {
    const world = await openSigned(gpgKey('ed25519').certificate)
    const answer = send(world, manifestOf(), [{ scheme: 'openpgp', signature: vectors.hostile[name] }])
    expect(await expectRefused(world, answer, world.log.records.length)).toEqual([
      ...[422, code, 'signatures.0.signature'],
    ])
  })

  it.each([
    ['revoked subkey', 'key-revoked'],
    ['expired subkey', 'key-expired'],
  ])('is refused by a %s, though its certificate holds', async (name, code) => {
    const { certificate, fingerprints, signatures } = gpgKey(name)
    const world = await openSigned(certificate)
    const signature = signatures[fingerprints[1] ?? '']
    const answer = send(world, manifestOf(), [{ scheme: 'openpgp', signature }])
    expect(await expectRefused(world, answer, world.log.records.length)).toEqual([
      ...[422, code, 'signatures.0.signature'],
    ])
  })

  it('is refused by a key that nobody registered, and under the name of a key of the other scheme', async () => {
    const world = await openSigned(alice.publicKey)
    const manifest = manifestOf()
    const signature = await openPgpSignatureOf(bob, manifest)
    const records = world.log.records.length
    const expected = [422, 'key-unknown', 'signatures.0.keyId']
    for (const one of [signature, { ...signature, keyId: bob.primary }, { ...signature, keyId: alice.keyId }])
      expect(await expectRefused(world, send(world, manifest, [one]), records)).toEqual(expected)
    const { keyId: _, ...unnamed } = signatureOf(alice, manifest)
    expect(await expectRefused(world, send(world, manifest, [unnamed]), records)).toEqual(expected)
  })
})
