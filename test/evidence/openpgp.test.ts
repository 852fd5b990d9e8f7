import { createPublicKey, sign } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../clients/verify/limits.ts'
import { OpenPgp } from '../../clients/verify/openpgp.ts'
import { Unreadable } from '../../clients/verify/verdict.ts'
import { unarmored } from '../../events/openpgp-packets.ts'
import { gpgKey } from '../openpgp/gpg.ts'
import { newOpenPgpSigner, type OpenPgpSigner, openPgpSignatureOf } from '../openpgp/signer.ts'
import { fetched, forged, lines, told, upgraded, verified, verifiedWhole } from './packs.ts'

let made: Awaited<ReturnType<typeof upgraded>>
let second: OpenPgpSigner
let whole: Buffer[] = []
beforeAll(async () => {
  second = await newOpenPgpSigner()
  made = await upgraded({ targets: 4, second })
  whole = await fetched(made.world, made.id)
})

type Data = Record<string, unknown>

const packetsOf = (name: string) =>
  unarmored(gpgKey(name).certificate, 'PUBLIC KEY BLOCK')?.toString('base64') ?? ''

/** Changes what events of a type say in the context of a pack, as whoever writes all of it anew could. */
const telling = (type: string, change: (data: Data) => Data) =>
  forged(whole, lines('context.jsonl', told(type, change)))

/** What is found, but that the heads are of another pack, as they are of one that was made anew. */
const faultsOf = async (parts: readonly Buffer[]) =>
  [...new Set((await verifiedWhole(parts)).findings.map(({ fault }) => fault))]
    .filter((fault) => fault !== 'head-exchanged')
    .sort()

describe('evidence of a release that is signed by OpenPGP', () => {
  it('proves that it was, beside Ed25519', async () => {
    const { findings, unproven, proven } = await verifiedWhole(whole, made.world.heads.key)
    expect([findings, unproven]).toEqual([[], []])
    expect(proven).toContainEqual(
      expect.stringContaining('signed by 2 keys that counted when it began; 2 had to.'),
    )
  })

  it('proves it where the clock of who signed was as far ahead as the control plane lets it be', async () => {
    const ahead = { ...second, made: '2026-01-05T10:04:59Z' }
    const { world, id } = await upgraded({ targets: 2, second: ahead })
    const { findings, unproven } = await verifiedWhole(await fetched(world, id), world.heads.key)
    expect([findings, unproven]).toEqual([[], []])
  })

  it('takes no signature of later than that', async () => {
    const openPgp = new OpenPgp()
    const packets = unarmored(second.certificate, 'PUBLIC KEY BLOCK')?.toString('base64') ?? ''
    const { signature } = await openPgpSignatureOf({ ...second, made: '2026-01-05T10:05:00Z' }, 'text')
    const ask = (at: string) => openPgp.made(packets, '"text"', signature, at)
    const [early, late] = ['2026-01-05T09:59:59.999Z', '2026-01-05T10:00:00.000Z']
    ask(early)
    ask(late)
    await openPgp.settle()
    expect([ask(early), ask(late)]).toEqual([undefined, { expires: null }])
  })

  it('proves nothing to who does not ask the package', () => {
    const { findings } = verified(whole)
    expect(findings.map(({ fault }) => fault)).toContain('too-few-signatures')
  })

  it('is the same, made anew, for who has no signed heads', async () => {
    expect(await faultsOf(telling('', (data) => data))).toEqual([])
  })

  it.each<[string, string, (data: Data) => Data, readonly string[]]>([
    [
      'a signature of which one byte is another',
      'ManifestSigned',
      ({ signatures, ...data }) => {
        const [first, second] = signatures as [Data, { signature: string }]
        const bytes = Buffer.from(second.signature, 'base64')
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
        return { ...data, signatures: [first, { ...second, signature: bytes.toString('base64') }] }
      },
      ['signature-wrong', 'too-few-signatures'],
    ],
    [
      'a certificate of somebody else under its name',
      'CertificateRegistered',
      (data) => ({ ...data, certificate: packetsOf('p256') }),
      ['signature-wrong', 'too-few-signatures'],
    ],
    [
      'no certificate',
      'CertificateRegistered',
      (data) => ({ ...data, certificate: 'AAAA' }),
      ['signature-wrong', 'too-few-signatures'],
    ],
    [
      'one that is for other components',
      'CertificateRegistered',
      (data) => ({ ...data, components: ['web'] }),
      ['too-few-signatures'],
    ],
    [
      'another key that is for something else',
      'KeyRegistered',
      (data) => ({ ...data, components: ['web'] }),
      ['too-few-signatures'],
    ],
  ])('shows %s', async (_, type, change, faults) => {
    expect(await faultsOf(telling(type, change))).toEqual(faults)
  })

  it('counts a key once that is registered in both forms', async () => {
    const { raw } = second
    const der = createPublicKey(raw.publicKey).export({ format: 'der', type: 'spki' }).toString('base64')
    const registered = told('KeyRegistered', (data) => ({ ...data, key: raw.keyId, publicKey: der }))
    const signed = told('ManifestSigned', ({ signatures, ...data }) => {
      const [, other] = signatures as object[]
      const signature = sign(null, Buffer.from(String(data.manifest)), raw.privateKey).toString('base64')
      return { ...data, signatures: [{ key: raw.keyId, scheme: 'ed25519', signature }, other] }
    })
    const pack = forged(
      whole,
      lines('context.jsonl', (list) => signed(registered(list))),
    )
    expect(await faultsOf(pack)).toEqual(['too-few-signatures'])
    const { findings } = await verifiedWhole(pack)
    expect(findings.map(({ words }) => words)).toContainEqual(
      expect.stringContaining('1 of 2 keys had signed it'),
    )
  })

  it('asks for no more than any pack needs', () => {
    const openPgp = new OpenPgp()
    const ask = () => {
      for (let number = 0; number <= limits.certified; number++) openPgp.made('', '', `${number}`, '')
    }
    expect(ask).toThrow(Unreadable)
  })
})
