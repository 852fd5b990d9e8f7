import { describe, expect, it } from 'vitest'
import { manifestOf, newSigner, type Signer, signatureOf } from '../domain/trust/signing.ts'
import { type Caller, openWorld } from './world.ts'

type World = ReturnType<typeof openWorld>

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const alice = newSigner()

async function trusting(world: World, signer: Signer, scope: object = {}) {
  const body = { publicKey: signer.publicKey, label: 'a signer', ...scope }
  const reply = await world.call('POST', '/api/v1/keys', { as: admin, body })
  expect(reply.status).toBe(201)
  expect(reply.body.keyId).toBe(signer.keyId)
}

const publish = (world: World, manifest: object, ...signers: readonly Signer[]) =>
  world.call('POST', '/api/v1/releases', {
    body: { manifest, signatures: signers.map((signer) => signatureOf(signer, manifest)) },
  })

/** Opens a world in which releases have to be signed, and these may sign. */
async function openSigned(...signers: readonly Signer[]) {
  const world = openWorld({ unsignedReleases: 'refused' })
  for (const signer of signers) await trusting(world, signer)
  return world
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
    expect((await world.call('GET', '/api/v1/releases')).body.releases).toMatchObject([
      { signed: { signatures: 1 } },
    ])
  })

  it('is refused without a signature, in so many words', async () => {
    const world = await openSigned(alice)
    const body = { component: 'api', version: '1.0.0', digest: `sha256:${'a'.repeat(64)}` }
    const { status, body: problem } = await world.call('POST', '/api/v1/releases', { body })
    expect([status, problem.code, problem.errors[0].field]).toEqual([422, 'release-unsigned', 'signatures'])
    expect((await world.call('GET', '/api/v1/releases/api/1.0.0')).status).toBe(404)
  })
})
