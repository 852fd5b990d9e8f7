import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { readDetached } from '../../events/openpgp-signature.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { gpgKey, vectors } from '../openpgp/gpg.ts'
import { commandAt, standIn } from './stand-in.ts'

const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
afterAll(() => rmSync(directory, { recursive: true }))
function file(name: string, text: string | Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const signer = newSigner()
const key = file('release.key.pem', signer.privateKey.export({ format: 'pem', type: 'pkcs8' }))
// Names of members whose order is not that in which they are written, and more than plain ASCII.
const manifest = manifestOf({ changelog: { security: ['ü € 😀'], fixes: [], features: ['"quoted"'] } })
const manifestFile = file('manifest.json', JSON.stringify(manifest, undefined, 4))

const release = {
  ...{
    component: 'api',
    version: '2.4.1',
    channel: 'stable',
    digest: 'sha256:0',
    notes: null,
    sizeBytes: null,
  },
  ...{ signed: null, blocked: null, withdrawn: null, heldBack: null },
}
const publishing = () => standIn(() => [201, release])

describe('releases', () => {
  it('are signed here as the server verifies them, and the key goes nowhere', async () => {
    const api = await publishing()
    const words = ['releases', 'publish', '--manifest', manifestFile, '--key', key]
    expect((await commandAt(api, words)).code).toBe(exitCodes.done)
    expect(api.asked[0]?.body).toEqual({ manifest, signatures: [signatureOf(signer, manifest)] })
    expect(JSON.stringify(api.asked)).not.toContain('PRIVATE')
  })

  it('are said to lie nowhere that agents know, where a part has no url', async () => {
    const api = await publishing()
    const { err } = await commandAt(api, ['releases', 'publish', '--manifest', manifestFile, '--key', key])
    expect(err).toContain('without url')
  })

  it('are signed by several, each where their key is', async () => {
    const api = await publishing()
    const { out } = await commandAt(api, ['releases', 'sign', manifestFile, '--key', key])
    expect(api.asked).toEqual([])
    const [signature] = JSON.parse(out)
    // By another reading of RFC 8785 than the one that has signed: this manifest has no number that is none.
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([name, member]) => [name, sorted(member)]),
            )
          : value
    const bytes = Buffer.from(JSON.stringify(sorted(manifest)))
    const publicKey = createPublicKey(signer.publicKey)
    expect(verify(null, bytes, publicKey, Buffer.from(signature.signature, 'base64'))).toBe(true)
    const der = publicKey.export({ format: 'der', type: 'spki' })
    expect(signature.keyId).toBe(createHash('sha256').update(der).digest('hex'))
    const kept = file('ann.json', out)
    await commandAt(api, ['releases', 'publish', '--manifest', manifestFile, '--signature', kept])
    expect(api.asked[0]?.body).toEqual({ manifest, signatures: [signature] })
  })

  it('take what gpg has made, and what sign has printed beside it', async () => {
    const api = await publishing()
    const armored = Buffer.from(vectors.hostile.armored ?? '', 'base64').toString()
    const [gpg, ann] = [
      file('manifest.asc', armored),
      file('bob.json', JSON.stringify(signatureOf(signer, manifest))),
    ]
    const named = ['--signature', gpg, '--signature', ann]
    await commandAt(api, ['releases', 'publish', '--manifest', manifestFile, ...named])
    const body = api.asked[0]?.body as { signatures: { scheme: string; signature: string }[] }
    expect(body.signatures).toMatchObject([{ scheme: 'openpgp' }, signatureOf(signer, manifest)])
    expect(body.signatures[0]).not.toHaveProperty('keyId')
    const read = readDetached(body.signatures[0]?.signature ?? '')
    expect(read).toMatchObject({ issuer: gpgKey('ed25519').fingerprints[0] })
    const crlf = file('crlf.asc', armored.replaceAll('\n', '\r\n'))
    await commandAt(api, ['releases', 'publish', '--manifest', manifestFile, '--signature', crlf])
    expect(api.asked[1]?.body).toEqual({ manifest, signatures: body.signatures.slice(0, 1) })
  })

  it.each([
    ['a text with its signature', Buffer.from(vectors.hostile.cleartext ?? '', 'base64').toString()],
    ['a key', gpgKey('ed25519').certificate],
  ])('take no %s for a signature', async (_, text) => {
    const api = await publishing()
    const bad = file('bad.asc', text)
    const { code, err } = await commandAt(api, [
      'releases',
      'publish',
      '--manifest',
      manifestFile,
      '--signature',
      bad,
    ])
    expect([code, api.asked]).toEqual([exitCodes.usage, []])
    expect(err).toContain('is no detached signature of OpenPGP')
  })

  it('that nobody has signed are measured here', async () => {
    const api = await publishing()
    const artifact = file('api.tar', 'some bytes')
    await commandAt(api, [
      'releases',
      'publish',
      '--component',
      'api',
      '--version',
      'v1',
      '--artifact',
      artifact,
    ])
    const digest = `sha256:${createHash('sha256').update('some bytes').digest('hex')}`
    expect(api.asked[0]?.body).toEqual({ component: 'api', version: 'v1', digest, sizeBytes: 10 })
  })

  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  it.each([
    ['no key', file('none.pem', 'nothing'), /is no private key in PEM/],
    [
      'another kind of key',
      file('rsa.pem', other.export({ format: 'pem', type: 'pkcs8' })),
      /is a key of rsa, not of Ed25519/,
    ],
    ['no file', join(directory, 'absent.pem'), /cannot be read/],
    ['bytes', file('bytes.pem', new Uint8Array([0xff, 0xfe])), /is not text/],
    ['too much', file('large.pem', 'x'.repeat(20_000)), /has more than 16384 bytes/],
  ])('are not signed by %s', async (_, bad, wrong) => {
    const api = await publishing()
    const { code, err } = await commandAt(api, [
      'releases',
      'publish',
      '--manifest',
      manifestFile,
      '--key',
      bad,
    ])
    expect([code, api.asked]).toEqual([exitCodes.usage, []])
    expect(err).toMatch(wrong)
  })

  it('have keys of which the private half is never sent', async () => {
    const api = await publishing()
    for (const secret of [key, file('secret.asc', vectors.secret)]) {
      const { code, err } = await commandAt(api, ['keys', 'register', secret, '--label', 'mine'])
      expect([code, api.asked]).toEqual([exitCodes.usage, []])
      expect(err).toMatch(/is a private key: that goes nowhere\. Nothing was sent\./)
    }
  })
})
