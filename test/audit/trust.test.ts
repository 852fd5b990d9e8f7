import { beforeAll, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { type Caller, deployed, openWorld, report } from '../api/world.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { newOpenPgpSigner, type OpenPgpSigner, openPgpSignatureOf } from '../openpgp/signer.ts'
import { type Change, wordsOf } from './history.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const [alice, bob] = [newSigner(), newSigner()]

/** A log in which two have signed what is rolled out, and both have to. */
async function signedHistory(second?: OpenPgpSigner): Promise<Commit[]> {
  const world = openWorld({ unsignedReleases: 'refused' })
  for (const publicKey of [alice.publicKey, second?.certificate ?? bob.publicKey])
    await world.call('POST', '/api/v1/keys', { as: admin, body: { publicKey, label: 'a signer' } })
  await world.call('PUT', '/api/v1/trust', { as: admin, body: { threshold: 2 } })
  const manifest = manifestOf()
  const other = second ? await openPgpSignatureOf(second, manifest) : signatureOf(bob, manifest)
  const signatures = [signatureOf(alice, manifest), other]
  await world.call('POST', '/api/v1/releases', { body: { manifest, signatures } })
  const targets = [{ id: 't1', components: { api: '2.4.0' } }]
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  world.pass(60)
  const id = await deployed(world, { component: 'api', version: '2.4.1', strategy: 'all' })
  expect(await report(world)).toEqual(['t1'])
  await world.advance(id)
  await world.settle()
  return world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
}

let valid: Commit[] = []
beforeAll(async () => {
  valid = await signedHistory()
})

/** The words of I15, where events of one type were other ones. */
const told = (type: string, change: Change) => wordsOf('I15', valid, type, change)

const withSignatures = (data: Record<string, unknown>, signatures: unknown) => ({ ...data, signatures })

describe('I15: the audit asks who has signed what targets were sent to', () => {
  test('and has nothing against what enough have', async () => {
    expect(await told('', (data) => data)).toEqual([])
  })

  test('one signature too few', async () => {
    const one = await told('ManifestSigned', (data) =>
      withSignatures(data, (data.signatures as object[]).slice(1)),
    )
    // When it was assigned, and when it was handed over.
    expect(one).toEqual([expect.stringContaining('1 of 2 keys'), expect.stringContaining('1 of 2 keys')])
  })

  test('one signature that is none', async () => {
    const forged = await told('ManifestSigned', (data) => {
      const [first, second] = data.signatures as { signature: string }[]
      return withSignatures(data, [{ ...first, signature: second?.signature }, second])
    })
    expect(forged[0]).toContain('1 of 2 keys')
  })

  test('one key that nobody had registered, or for something else', async () => {
    for (const change of [{ components: ['web'] }, { channels: ['beta'] }])
      expect((await told('KeyRegistered', (data) => ({ ...data, ...change })))[0]).toContain('0 of 2 keys')
    expect((await told('KeyRegistered', () => undefined))[0]).toContain('0 of 2 keys')
  })

  test('one that had expired, another manifest, and one that nobody has signed', async () => {
    expect(
      (await told('ManifestSigned', (data) => ({ ...data, expires: '2026-01-01T00:00:00.000Z' })))[0],
    ).toContain('expired')
    expect(
      (await told('ManifestSigned', (data) => ({ ...data, manifest: `${data.manifest} ` })))[0],
    ).toContain('is not the one of its digest')
    expect(await told('ManifestSigned', () => undefined)).toEqual([])
  })

  test('and verifies what was signed by OpenPGP, by a key that might', async () => {
    const history = await signedHistory(await newOpenPgpSigner())
    const words = (type: string, change: Change) => wordsOf('I15', history, type, change)
    expect(await words('', (data) => data)).toEqual([])
    const forged = await words('ManifestSigned', (data) => {
      const [first, second] = data.signatures as { signature: string }[]
      const bytes = Buffer.from(second?.signature ?? '', 'base64')
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
      return withSignatures(data, [first, { ...second, signature: bytes.toString('base64') }])
    })
    expect(forged[0]).toContain('1 of 2 keys')
    for (const change of [
      { standing: 'cannot-sign' },
      { standing: 'revoked' },
      { expires: '2026-01-05T00:00:00.000Z' },
      { created: '2026-01-02T00:00:00.000Z' },
    ]) {
      const certified = await words('CertificateRegistered', ({ keys, ...data }) => ({
        ...data,
        keys: (keys as object[]).map((key) => ({ ...key, ...change })),
      }))
      expect(certified[0], JSON.stringify(change)).toContain('1 of 2 keys')
    }
    expect((await words('CertificateRegistered', () => undefined))[0]).toContain('1 of 2 keys')
  })
})
