import { createMessage, generateKey, readPrivateKey, sign } from 'openpgp'
import { describe, expect, it } from 'vitest'
import { readCertificate } from '../../clients/agent/openpgp.ts'
import { packetsIn, unarmored } from '../../events/openpgp-packets.ts'
import { Problem } from '../../functions/api/http/problem.ts'
import { certificateIn } from '../../functions/api/releases/certificate.ts'
import { packet } from './craft.ts'
import { gpgKey, vectors } from './gpg.ts'

const now = '2026-01-05T08:00:00.000Z'

const refusal = async (armored: string) =>
  certificateIn(armored, now).then(
    () => undefined,
    (problem: { readonly code: string; readonly message: string }) => [problem.code, problem.message],
  )

/** Returns bytes as an armored certificate. */
const armoredOf = (bytes: Buffer) =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${bytes.toString('base64')}\n-----END PGP PUBLIC KEY BLOCK-----\n`

const bytesOf = (name: string) => unarmored(gpgKey(name).certificate, 'PUBLIC KEY BLOCK') ?? Buffer.alloc(0)
const good = bytesOf('ed25519')
const packets = packetsIn(good, 64) ?? []
const whole = (all: readonly { readonly tag: number; readonly body: Buffer }[]) =>
  Buffer.concat(all.map(({ tag, body }) => packet(tag, body)))

describe('a certificate that gpg has made', () => {
  it.each([
    ['ed25519', ['signs', 'signs', 'cannot-sign']],
    ['rsa3072', ['cannot-sign', 'signs', 'cannot-sign']],
    ['rsa4096', ['signs', 'signs']],
    ['p256', ['signs', 'signs']],
    ['p384', ['signs']],
    ['expired subkey', ['signs', 'expired']],
    ['revoked subkey', ['signs', 'revoked']],
    ['expiring', ['signs']],
  ])('of %s says what its keys are worth', async (name, standings) => {
    const { fingerprints, certificate } = gpgKey(name)
    const read = await certificateIn(certificate, now)
    expect(read.key).toBe(fingerprints[0])
    expect(read.keys.map(({ fingerprint }) => fingerprint)).toEqual(fingerprints)
    expect(read.keys.map(({ standing }) => standing)).toEqual(standings)
    expect(new Set(read.keys.map(({ created }) => created))).toEqual(new Set(['2025-12-01T00:00:00.000Z']))
  })

  it('ends when it says, its subkeys with it', async () => {
    expect((await certificateIn(gpgKey('expiring').certificate, now)).keys[0]?.expires).toBe(
      '2026-03-01T12:00:00.000Z',
    )
    expect(await refusal(gpgKey('expiring').certificate)).toBeUndefined()
  })

  it.each([
    ['weak', 'key-weak'],
    ['weak subkey', 'key-weak'],
    ['dsa', 'key-cannot-sign'],
    ['for encryption', 'key-cannot-sign'],
    ['expired', 'key-expired'],
    ['revoked', 'key-revoked'],
  ])('is refused where it is %s', async (name, code) => {
    expect((await refusal(gpgKey(name).certificate))?.[0]).toBe(code)
  })
})

describe('what is offered as a certificate', () => {
  it('is refused as a private key, in so many words, also behind the name of a public one', async () => {
    const secret = unarmored(vectors.secret, 'PRIVATE KEY BLOCK') ?? Buffer.alloc(0)
    expect(await refusal(armoredOf(secret))).toEqual(['key-invalid', expect.stringContaining('private key')])
    await expect(readCertificate(vectors.secret)).rejects.toThrow()
    await expect(readCertificate(armoredOf(secret))).rejects.toThrow('private key')
  })

  it('ends an agent where another stands behind it, which would be trusted by nobody', async () => {
    const two = `${gpgKey('ed25519').certificate}\n${gpgKey('p256').certificate}`
    await expect(readCertificate(two)).rejects.toThrow('more than one block')
  })

  it('is of no curve that is not taken, for an agent neither', async () => {
    const { publicKey, privateKey } = await generateKey({
      ...{ type: 'ecc', curve: 'nistP521', userIDs: [{ name: 'Builds' }] },
      ...{ date: new Date('2025-12-01T00:00:00Z'), format: 'armored' },
    })
    const signature = await sign({
      message: await createMessage({ binary: Buffer.from('a text') }),
      signingKeys: await readPrivateKey({ armoredKey: privateKey }),
      ...{ detached: true, format: 'binary', date: new Date('2026-01-01T00:00:00Z') },
    })
    expect((await refusal(publicKey))?.[0]).toBe('key-cannot-sign')
    const signed = Buffer.from(signature).toString('base64')
    const agent = await readCertificate(publicKey)
    expect(await agent.hasSigned('a text', signed, Date.parse(now))).toBe(false)
  })

  it('holds as it was put together of its packets', async () => {
    expect(await refusal(armoredOf(whole(packets)))).toBeUndefined()
  })

  const [primary, name, certification, subkey, binding] = packets
  const others = packetsIn(bytesOf('p256'), 64) ?? []
  const all = (...some: readonly (typeof primary)[]) => armoredOf(whole(some.flatMap((one) => one ?? [])))
  it.each([
    ['no block', 'a text', 'key-invalid'],
    ['two blocks', `${gpgKey('ed25519').certificate}${gpgKey('p256').certificate}`, 'key-invalid'],
    ['two certificates in one', armoredOf(whole([...packets, ...others])), 'key-invalid'],
    ['a signature', armoredOf(Buffer.from(Object.values(vectors.good)[0] ?? '', 'base64')), 'key-invalid'],
    ['one that is packed', armoredOf(packet(8, good)), 'key-invalid'],
    ['one with something packed in it', armoredOf(Buffer.concat([good, packet(8, good)])), 'key-invalid'],
    ['one of open length', armoredOf(Buffer.concat([Buffer.from([0x9b]), good.subarray(2)])), 'key-invalid'],
    ['one that is cut off', armoredOf(good.subarray(0, -1)), 'key-invalid'],
    ['one with a picture', armoredOf(Buffer.concat([good, packet(17, Buffer.alloc(9))])), 'key-invalid'],
    ['a longer one', armoredOf(Buffer.concat([good, packet(13, Buffer.alloc(8192, 'a'))])), 'key-too-large'],
    [
      'one of many packets',
      armoredOf(Buffer.concat([good, ...Array<Buffer>(64).fill(packet(13, Buffer.from('a')))])),
      'key-invalid',
    ],
    [
      'one of many keys',
      armoredOf(Buffer.concat([good, ...Array<Buffer>(16).fill(packet(14, subkey?.body ?? good))])),
      'key-too-large',
    ],
    ['one of version 3', armoredOf(packet(6, Buffer.from([3, 0, 0, 0, 0, 0, 0, 1]))), 'key-invalid'],
    ['a key of which nobody says anything', all(primary), 'key-invalid'],
    [
      'one whose name is another',
      all(primary, { tag: 13, body: Buffer.from('Mallory') }, certification),
      'key-invalid',
    ],
    ['one that another key has certified', all(primary, others[1], others[2]), 'key-invalid'],
  ])('is refused where it is %s', async (_, armored, code) => {
    expect((await refusal(armored))?.[0]).toBe(code)
  })

  it('is refused where it is of RSA with an exponent for which signatures are made without the key', async () => {
    const [key, ...rest] = packetsIn(bytesOf('rsa4096'), 64) ?? []
    for (const exponent of [1, 3]) {
      const body = Buffer.concat([
        key?.body.subarray(0, -5) ?? good,
        Buffer.from([0, exponent === 1 ? 1 : 2, exponent]),
      ])
      expect((await refusal(all({ tag: 6, body }, ...rest)))?.[0]).toBe('key-weak')
    }
  })

  it.each(['ed25519', 'p256'])(
    'of %s has no other key, with any one byte changed, and ends in no accident',
    async (of) => {
      const bytes = bytesOf(of)
      const { fingerprints } = gpgKey(of)
      let refused = 0
      for (let place = 0; place < bytes.length; place++) {
        const changed = Buffer.from(bytes)
        changed[place] = (changed[place] ?? 0) ^ (place % 2 === 0 ? 1 : 0x80)
        const read = await certificateIn(armoredOf(changed), now).catch((problem: unknown) => {
          expect(problem, `byte ${place}`).toBeInstanceOf(Problem)
          refused++
        })
        const signing = read?.keys.filter(({ standing }) => standing === 'signs') ?? []
        expect(fingerprints, `byte ${place}`).toEqual(
          expect.arrayContaining(signing.map(({ fingerprint }) => fingerprint)),
        )
      }
      expect(refused).toBeGreaterThan(bytes.length / 4)
    },
  )

  it('takes no subkey that was not bound to it, or bound to another', async () => {
    for (const last of [others[4], undefined]) {
      const taken = await certificateIn(all(primary, name, certification, subkey, last), now)
      expect(taken.keys.map(({ standing }) => standing)).toEqual(['signs', 'cannot-sign'])
    }
    const foreign = await certificateIn(all(primary, name, certification, others[3], binding), now)
    expect(foreign.keys.map(({ standing }) => standing)).toEqual(['signs', 'cannot-sign'])
  })
})
