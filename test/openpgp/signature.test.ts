import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { readCertificate } from '../../clients/agent/openpgp.ts'
import { OpenPgp } from '../../clients/verify/openpgp.ts'
import { hasSignedDetached, readDetached } from '../../events/openpgp-signature.ts'
import { certificateIn } from '../../functions/api/releases/certificate.ts'
import { refusalOfDetached } from '../../functions/domain/release/openpgp.ts'
import type { Certificate } from '../../functions/domain/trust/trust.ts'
import { crafted, newCrafter, packet, subpacket } from './craft.ts'
import { gpgKey, vectors } from './gpg.ts'
import { newOpenPgpSigner } from './signer.ts'

const now = '2026-01-05T08:00:00.000Z'
const { text } = vectors

/** What the rules of the control plane say of a signature by a certificate; undefined: it counts. */
const refusal = (keys: Certificate['keys'], signature: string, of = text, at = now) =>
  refusalOfDetached({ key: 'the certificate', keys }, signature, at, (publicKey, read) =>
    hasSignedDetached(publicKey, of, read),
  )?.code

/** The same of the package, as agents and the verifier of evidence ask it. */
async function saidByOthers(armored: string, certificate: Certificate, signature: string, of = text) {
  const byAgent = await (await readCertificate(armored)).hasSigned(of, signature, Date.parse(now))
  const openPgp = new OpenPgp()
  openPgp.made(certificate.certificate, of, signature, now)
  await openPgp.settle()
  return [byAgent, openPgp.made(certificate.certificate, of, signature, now) !== undefined]
}

const names = [
  'ed25519',
  'rsa3072',
  'rsa4096',
  'p256',
  'p384',
  'expiring',
  'expired subkey',
  'revoked subkey',
]

describe('a signature that gpg has made', () => {
  it.each(names)(
    'is verified, of %s, by the primary key and by its subkey, and so it is by the package',
    async (name) => {
      const { certificate: armored, signatures } = gpgKey(name)
      const certificate = await certificateIn(armored, now)
      for (const [fingerprint, signature] of Object.entries(signatures)) {
        const standing = certificate.keys.find((key) => key.fingerprint === fingerprint)?.standing
        const expected = { revoked: 'key-revoked', expired: 'key-expired' }[standing as string]
        expect(refusal(certificate.keys, signature)).toBe(expected)
        expect(await saidByOthers(armored, certificate, signature)).toEqual([!expected, !expected])
        expect(refusal(certificate.keys, signature, `${text} `)).toBe(expected ?? 'signature-invalid')
        expect(await saidByOthers(armored, certificate, signature, `${text} `)).toEqual([false, false])
      }
    },
  )

  it.each(Object.keys(vectors.good))('is verified with %s', async (name) => {
    const { certificate: armored } = gpgKey('ed25519')
    const certificate = await certificateIn(armored, now)
    const signature = vectors.good[name] ?? ''
    expect(refusal(certificate.keys, signature)).toBeUndefined()
    expect(await saidByOthers(armored, certificate, signature)).toEqual([true, true])
  })

  it.each([
    ['text mode', 'signature-text-mode'],
    ['SHA-1', 'digest-refused'],
    ['inline', 'signature-not-detached'],
    ['inline, not compressed', 'signature-not-detached'],
    ['cleartext', 'signature-not-detached'],
    ['armored', 'signature-malformed'],
    ['several', 'signature-not-single'],
    ['expiring', 'signature-expires'],
    ['critical notation', 'signature-critical-unknown'],
    ['future', 'signature-time-wrong'],
    ['another text', 'signature-invalid'],
  ])('is refused where it is: %s', async (name, code) => {
    const { certificate: armored } = gpgKey('ed25519')
    const certificate = await certificateIn(armored, now)
    const signature = vectors.hostile[name] ?? ''
    expect(refusal(certificate.keys, signature)).toBe(code)
    expect(await saidByOthers(armored, certificate, signature)).toEqual([false, false])
  })

  it('is refused of DSA', () => {
    const [signature = ''] = Object.values(gpgKey('dsa').signatures)
    expect(refusal([], signature)).toBe('algorithm-refused')
  })

  it('is refused of a key that is in no certificate here', async () => {
    const { keys } = await certificateIn(gpgKey('ed25519').certificate, now)
    const [signature = ''] = Object.values(gpgKey('p256').signatures)
    expect(refusal(keys, signature)).toBe('signature-invalid')
  })

  it.each(['ed25519', 'p256'])('of %s holds for nobody with any one byte changed', async (name) => {
    const { certificate: armored, signatures } = gpgKey(name)
    const certificate = await certificateIn(armored, now)
    const bytes = Buffer.from(Object.values(signatures)[1] ?? '', 'base64')
    const signedUntil = 2 + 6 + bytes.readUInt16BE(6)
    for (let place = 0; place < bytes.length; place++) {
      const changed = Buffer.from(bytes)
      changed[place] = (changed[place] ?? 0) ^ 1
      const signature = changed.toString('base64')
      expect(refusal(certificate.keys, signature), `byte ${place}`).toBeDefined()
      const [byAgent] = await saidByOthers(armored, certificate, signature)
      // What stands behind is read more leniently there, and signed by nobody.
      if (place < signedUntil) expect(byAgent, `byte ${place}`).toBe(false)
    }
  })
})

describe('a signature that no program would make', () => {
  let armored = ''
  let crafter = newCrafter()
  beforeAll(async () => {
    const signer = await newOpenPgpSigner()
    armored = signer.certificate
    const [, certified = crafter.certified] = (await certificateIn(armored, now)).keys
    crafter = { privateKey: signer.raw.privateKey, certified }
  })
  const said = (bytes: Buffer, of = [crafter.certified]) => refusal(of, bytes.toString('base64'))
  /** Returns what the control plane says, after an agent has said the same: what one takes and the other does not would be published, and installed by nobody. */
  async function agreed(bytes: Buffer): Promise<string | undefined> {
    const code = said(bytes)
    const byAgent = await (await readCertificate(armored)).hasSigned(
      text,
      bytes.toString('base64'),
      Date.parse(now),
    )
    expect(byAgent, code ?? 'taken').toBe(code === undefined)
    return code
  }
  const notation = (head: number) =>
    subpacket(head, Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0, 5, 0, 1]), Buffer.from('a@b.c1')]))

  it('counts where it is true', async () => {
    const soon = '2026-01-05T08:04:59.000Z'
    for (const asked of [{}, { more: [notation(20)] }, { digest: 9 }, { digest: 10 }, { made: soon }])
      expect(await agreed(crafted(crafter, text, asked))).toBeUndefined()
  })

  it.each([
    ['of version 3', { version: 3 }, 'signature-version-unknown'],
    ['of version 6', { version: 6 }, 'signature-version-unknown'],
    ['over lines', { type: 1 }, 'signature-text-mode'],
    ['of a name', { type: 0x10 }, 'signature-type-wrong'],
    ['of a subkey', { type: 0x18 }, 'signature-type-wrong'],
    ['by MD5', { digest: 1 }, 'digest-refused'],
    ['by SHA-1', { digest: 2 }, 'digest-refused'],
    ['by RIPEMD-160', { digest: 3 }, 'digest-refused'],
    ['by SHA-224', { digest: 11 }, 'digest-refused'],
    ['that ends', { more: [subpacket(3, Buffer.from([0, 1, 0, 0]))] }, 'signature-expires'],
    ['that never ends, in words', { more: [subpacket(3, Buffer.alloc(4))] }, 'signature-expires'],
    [
      'that ends, which is not signed',
      { open: [subpacket(3, Buffer.from([0, 1, 0, 0]))] },
      'signature-expires',
    ],
    ['with a critical notation', { more: [notation(0x80 | 20)] }, 'signature-critical-unknown'],
    [
      'with something critical',
      { more: [subpacket(0x80 | 99, Buffer.alloc(1))] },
      'signature-critical-unknown',
    ],
    ['made before its key', { made: '2025-11-30T23:59:59.000Z' }, 'signature-time-wrong'],
    ['made tomorrow', { made: '2026-01-06T08:00:00.000Z' }, 'signature-time-wrong'],
    ['that does not say when', { hashed: [] }, 'signature-malformed'],
    ['that says twice when', { more: [subpacket(2, Buffer.alloc(4))] }, 'signature-malformed'],
    ['that says twice who', { more: [subpacket(33, Buffer.alloc(21, 4))] }, 'signature-malformed'],
    [
      'that says by an id that it was another',
      { open: [subpacket(16, Buffer.alloc(8))] },
      'signature-malformed',
    ],
    ['with more that is not signed', { open: [notation(20)] }, 'signature-malformed'],
    ['whose parts are longer than all', { more: [Buffer.from([200, 255])] }, 'signature-malformed'],
    ['with a part of no length', { more: [Buffer.from([0])] }, 'signature-malformed'],
    [
      'with something critical that is of keys',
      { more: [subpacket(0x80 | 27, Buffer.from([2]))] },
      'signature-critical-unknown',
    ],
    ['with another in it', { more: [subpacket(32, Buffer.from([4]))] }, 'signature-malformed'],
    ['with who may revoke its key', { more: [subpacket(12, Buffer.alloc(22))] }, 'signature-malformed'],
    ['with which signature it means', { more: [subpacket(31, Buffer.alloc(22))] }, 'signature-malformed'],
    [
      'with more that is not signed, and must be understood',
      { open: [subpacket(0x80 | 99, Buffer.alloc(1))] },
      'signature-critical-unknown',
    ],
    ['made later than clocks differ', { made: '2026-01-05T08:05:01.000Z' }, 'signature-time-wrong'],
  ])('is refused: %s', async (_, asked, code) => {
    expect(await agreed(crafted(crafter, text, asked))).toBe(code)
  })

  it('says who made it, and when, where that is signed too', async () => {
    const issuer = subpacket(
      33,
      Buffer.concat([Buffer.from([4]), Buffer.from(crafter.certified.fingerprint, 'hex')]),
    )
    const made = subpacket(2, Buffer.from([0x69, 0x55, 0xb9, 0]))
    expect(await agreed(crafted(crafter, text, { hashed: [issuer, made] }))).toBeUndefined()
    for (const asked of [
      { hashed: [made], open: [issuer] },
      { hashed: [issuer], open: [made] },
      { hashed: [made, made, issuer] },
      { hashed: [made, issuer, issuer] },
    ])
      expect(await agreed(crafted(crafter, text, asked))).toBe('signature-malformed')
  })

  it('counts in each way in which its length may be written', async () => {
    const long = subpacket(
      20,
      Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0, 3, 0, 100]), Buffer.from(`a@b${'c'.repeat(100)}`)]),
    )
    const made = crafted(crafter, text, { more: [long] })
    const body = made.subarray(made.length > 194 ? 3 : 2)
    expect(body.length).toBeGreaterThan(192)
    expect(body.length).toBeLessThan(256)
    for (const head of [
      [0x88, body.length],
      [0x89, 0, body.length],
    ])
      expect(await agreed(Buffer.concat([Buffer.from(head), body]))).toBeUndefined()
    expect(await agreed(made)).toBeUndefined()
  })

  it('is taken by both or by nobody, whatever stands in it', async () => {
    const part = fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 }))
      .map(([type, body]) => subpacket(type, Buffer.from(body)))
    const any = fc.record({ more: fc.array(part, { maxLength: 3 }), open: fc.array(part, { maxLength: 2 }) })
    await fc.assert(
      fc.asyncProperty(any, async (asked) => void (await agreed(crafted(crafter, text, asked)))),
      { numRuns: 300 },
    )
    for (let type = 0; type < 128; type++)
      for (const body of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(24, 255)])
        await agreed(crafted(crafter, text, { more: [subpacket(type, body)] }))
  })

  it.each([
    ['that was revoked', { standing: 'revoked' }, 'key-revoked'],
    ['that had expired', { standing: 'expired', expires: '2026-01-02T00:00:00.000Z' }, 'key-expired'],
    ['that has expired since', { expires: now }, 'key-expired'],
    ['that is for something else', { standing: 'cannot-sign' }, 'key-cannot-sign'],
  ] as const)('is refused by a key %s', (_, changes, code) => {
    const other = newCrafter(changes)
    expect(said(crafted(other, text), [other.certified])).toBe(code)
  })

  it('counts until its key expires', () => {
    const other = newCrafter({ expires: '2026-01-05T08:00:01.000Z' })
    expect(said(crafted(other, text), [other.certified])).toBeUndefined()
  })

  it.each<[string, (good: Buffer) => Buffer, string]>([
    ['nothing', () => Buffer.alloc(0), 'signature-malformed'],
    ['no packet', () => Buffer.from('a text'), 'signature-malformed'],
    [
      'a packet of open length',
      (good) => Buffer.concat([Buffer.from([0x8b]), good.subarray(2)]),
      'signature-malformed',
    ],
    [
      'one in parts',
      (good) => Buffer.concat([Buffer.from([0xc2, 0xe1]), good.subarray(2)]),
      'signature-malformed',
    ],
    [
      'one that is longer than all',
      (good) => Buffer.concat([Buffer.from([0xc2, 255, 127, 255, 255, 255]), good]),
      'signature-malformed',
    ],
    ['one with a byte behind it', (good) => Buffer.concat([good, Buffer.from([0])]), 'signature-malformed'],
    ['the same twice', (good) => Buffer.concat([good, good]), 'signature-not-single'],
    ['a key', () => packet(6, Buffer.from([4])), 'signature-malformed'],
    [
      'packed',
      (good) => packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(good)])),
      'signature-not-detached',
    ],
    ['a text', () => packet(11, Buffer.from('bx')), 'signature-not-detached'],
    [
      'one with a text behind it',
      (good) => Buffer.concat([good, packet(11, Buffer.from('bx'))]),
      'signature-not-single',
    ],
    ['one with numbers that are cut off', (good) => packet(2, good.subarray(2, -1)), 'signature-malformed'],
    [
      'one with more numbers',
      (good) => packet(2, Buffer.concat([good.subarray(2), Buffer.from([0, 1, 1])])),
      'signature-malformed',
    ],
    [
      'one whose length is written in four bytes',
      (good) => Buffer.concat([Buffer.from([0x8a, 0, 0, 0, good.length - 2]), good.subarray(2)]),
      'signature-malformed',
    ],
    [
      'one whose length is written in five',
      (good) => Buffer.concat([Buffer.from([0xc2, 255, 0, 0, 0, good.length - 2]), good.subarray(2)]),
      'signature-malformed',
    ],
  ])('is none: %s', async (_, made, code) => {
    expect(await agreed(made(crafted(crafter, text)))).toBe(code)
  })
})

const hasGpg = spawnSync('gpg', ['--version']).status === 0

describe.runIf(hasGpg)('a signature by the gpg that is here', () => {
  it('is verified, by a key that it has just made', async () => {
    const home = mkdtempSync(join(tmpdir(), 'gpg-'))
    const gpg = (...words: readonly string[]) =>
      execFileSync(
        'gpg',
        [
          '--homedir',
          home,
          '--batch',
          '--quiet',
          '--pinentry-mode',
          'loopback',
          '--passphrase',
          '',
          ...words,
        ],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
    onTestFinished(() => {
      spawnSync('gpgconf', ['--homedir', home, '--kill', 'all'])
      rmSync(home, { recursive: true })
    })
    writeFileSync(join(home, 'manifest.canonical'), text)
    gpg('--quick-gen-key', 'Release builds', 'ed25519', 'cert,sign', 'never')
    const armored = gpg('--armor', '--export').toString()
    const signature = gpg('--detach-sign', '--output', '-', join(home, 'manifest.canonical')).toString(
      'base64',
    )
    const later = new Date(Date.now() + 60_000).toISOString()
    const { keys } = await certificateIn(armored, later)
    expect(refusal(keys, signature, text, later)).toBeUndefined()
    expect(refusal(keys, signature, `${text}\n`, later)).toBe('signature-invalid')
  })
})

it('is read, once it was, without anything of the package', () => {
  const read = readDetached(Object.values(gpgKey('rsa4096').signatures)[0] ?? '')
  expect(read).toMatchObject({ keyType: 'rsa', digest: 'sha512', made: '2026-01-01T00:00:00.000Z' })
})
