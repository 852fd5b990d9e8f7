import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { Key, Subkey } from 'openpgp'
import { packetsIn, packetTags, unarmored } from '../../../events/openpgp-packets.ts'
import { instantOf } from '../../../events/time.ts'
import type { CertifiedKey } from '../../../events/trust.ts'
import { readPublicKey } from '../../domain/trust/public-key.ts'
import type { Certificate } from '../../domain/trust/trust.ts'
import { Problem } from '../http/problem.ts'

/** In bytes: a certificate of RSA with two subkeys has half of it. */
const longest = 8 * 1024
const packetsAtMost = 64
const keysAtMost = 16
const rsa = { least: 2048, most: 4096, exponent: { least: 65_537n, most: 2n ** 32n } }

type Code = 'key-invalid' | 'key-too-large' | 'key-weak' | 'key-revoked' | 'key-expired' | 'key-cannot-sign'

function refuse(code: Code, detail: string): never {
  const errors = [
    { field: 'publicKey', value: '', expected: 'a certificate of OpenPGP by which something may be signed' },
  ]
  throw new Problem(code, detail, { errors })
}

/** What a certificate is made of; all else in it has no place here, and nothing of it is unpacked. */
const taken: ReadonlySet<number> = new Set([
  packetTags.publicKey,
  packetTags.publicSubkey,
  packetTags.userId,
  packetTags.signature,
])

/** Returns the bytes of a certificate that may be given to be read: bounded, one, public, and of the one version. */
function bytesIn(text: string): Buffer {
  const bytes = unarmored(text, 'PUBLIC KEY BLOCK')
  if (!bytes)
    return refuse(
      'key-invalid',
      'Send one block that begins with BEGIN PGP PUBLIC KEY BLOCK, as gpg --armor --export writes it.',
    )
  if (bytes.length > longest)
    return refuse(
      'key-too-large',
      `A certificate has ${longest} bytes at most: leave out what others say of it, by gpg --export-options export-minimal.`,
    )
  const packets = packetsIn(bytes, packetsAtMost)
  if (!packets)
    return refuse(
      'key-invalid',
      `It is not made of packets whose lengths are said, of ${packetsAtMost} at most.`,
    )
  if (packets.some(({ tag }) => tag === packetTags.secretKey || tag === packetTags.secretSubkey))
    return refuse('key-invalid', 'This is a private key: it must never leave who signs. Send the public key.')
  const other = packets.find(({ tag }) => !taken.has(tag))
  if (other)
    return refuse(
      'key-invalid',
      `A packet of kind ${other.tag} is in it: export the keys and names alone, by gpg --export-options export-minimal.`,
    )
  const [first] = packets
  const primaries = packets.filter(({ tag }) => tag === packetTags.publicKey)
  if (first?.tag !== packetTags.publicKey || primaries.length > 1)
    return refuse('key-invalid', 'Send one certificate at a time.')
  const keys = packets.filter(({ tag }) => tag === packetTags.publicKey || tag === packetTags.publicSubkey)
  if (keys.length > keysAtMost)
    return refuse('key-too-large', `A certificate has ${keysAtMost} keys at most.`)
  if (keys.some(({ body }) => body[0] !== 4))
    return refuse('key-invalid', 'Keys of OpenPGP are read in version 4 alone.')
  return bytes
}

type Part = Pick<Key | Subkey, 'keyPacket'>

const base64url = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('base64url')

const curves: Readonly<Record<string, readonly [crv: string, length: number]>> = {
  nistP256: ['P-256', 32],
  nistP384: ['P-384', 48],
}

/** What of the numbers of a key is looked at here; which of them are there follows from its algorithm. */
interface Numbers {
  readonly n?: Uint8Array
  readonly e?: Uint8Array
  readonly A?: Uint8Array
  readonly Q?: Uint8Array
  readonly oid?: { getName(): string }
}

function jwkOf({ keyPacket }: Part): JsonWebKey | undefined {
  const { n, e, A, Q, oid } = (keyPacket as unknown as { readonly publicParams: Numbers }).publicParams // not in its types
  switch (keyPacket.getAlgorithmInfo().algorithm) {
    case 'rsaEncryptSign':
      return { kty: 'RSA', n: base64url(n), e: base64url(e) }
    case 'eddsaLegacy':
      return { kty: 'OKP', crv: 'Ed25519', x: base64url(Q?.subarray(1)) }
    case 'ed25519':
      return { kty: 'OKP', crv: 'Ed25519', x: base64url(A) }
    case 'ecdsa': {
      const [crv, length = 0] = curves[oid?.getName() ?? ''] ?? []
      if (crv === undefined || Q?.length !== 1 + 2 * length) return undefined
      return { kty: 'EC', crv, x: base64url(Q.subarray(1, 1 + length)), y: base64url(Q.subarray(1 + length)) }
    }
    default:
      return undefined
  }
}

/** Returns a key as it is kept; null: it is of a kind that signs nothing here. Throws a Problem where it is one that anybody could sign by. */
function publicKeyOf(part: Part): string | null {
  const jwk = jwkOf(part)
  if (!jwk) return null
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const der = key.export({ format: 'der', type: 'spki' }).toString('base64')
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = key.asymmetricKeyDetails ?? {}
  const isTaken =
    bits >= rsa.least && bits <= rsa.most && exponent >= rsa.exponent.least && exponent <= rsa.exponent.most
  if (jwk.kty === 'RSA' && !isTaken)
    return refuse(
      'key-weak',
      `Key ${part.keyPacket.getFingerprint()} is of RSA with ${bits} bits and the exponent ${`${exponent}`.slice(0, 20)}: from ${rsa.least} to ${rsa.most} bits are taken, and an exponent from ${rsa.exponent.least} on, of 32 bits.`,
    )
  const read = jwk.kty === 'OKP' ? readPublicKey(der) : undefined
  if (read && 'wrong' in read) return refuse('key-weak', read.wrong)
  return der
}

const instantOrNull = (time: Date | number | null) =>
  time instanceof Date ? instantOf(time.getTime()) : null

const earlierEnd = (one: string | null, other: string | null) =>
  one === null || (other !== null && other < one) ? other : one

/**
 * Reads a certificate of OpenPGP and returns what the keys in it are worth at an instant. Its self-signatures are verified here, once: what it
 * says is remembered from then on, and nobody reads it again. Rejects with the Problem of what is wrong with it. The package is loaded when there is
 * a certificate to be read, and not before.
 */
export async function certificateIn(text: string, now: string): Promise<Certificate> {
  const bytes = bytesIn(text)
  return worthOf(bytes, now).catch((error: unknown) => {
    if (error instanceof Problem) throw error
    const words = error instanceof Error ? error.message.slice(0, 200) : 'nobody says why'
    return refuse('key-invalid', `It cannot be read: ${words}.`)
  })
}

async function worthOf(bytes: Buffer, now: string): Promise<Certificate> {
  const { config: usual, enums, readKey } = await import('openpgp')
  const date = new Date(now)
  const { md5, sha1, ripemd } = enums.hash
  const config = {
    ...usual,
    rejectHashAlgorithms: new Set([md5, sha1, ripemd]),
    minRSABits: rsa.least,
  }
  const certificate = await readKey({ binaryKey: new Uint8Array(bytes), config })
  const key = certificate.getFingerprint()
  if (await certificate.isRevoked(undefined, undefined, date, config))
    return refuse('key-revoked', `Key ${key} was revoked by its owner: make a new pair of keys.`)
  const ends = await certificate.getExpirationTime(undefined, config)
  const end = instantOrNull(ends)
  if (end !== null && end <= now) return refuse('key-expired', `Key ${key} expired at ${end}.`)
  // A weak key is refused whatever it says of itself.
  const primary = publicKeyOf(certificate)
  await certificate.verifyPrimaryKey(date, undefined, config)

  /** Says what one of the keys is worth. Two may have the same short id: what is found is asked for its fingerprint. */
  const certified = async (part: Key | Subkey, publicKey: string | null): Promise<CertifiedKey> => {
    const fingerprint = part.getFingerprint()
    const isRevoked =
      'bindingSignatures' in part && (await part.isRevoked(null as never, null as never, date, config))
    const until = 'bindingSignatures' in part ? await part.getExpirationTime(date, config) : ends
    const expires = earlierEnd(instantOrNull(until), end)
    const signing = await certificate
      .getSigningKey(part.getKeyID(), date, undefined, config)
      .catch(() => undefined)
    const signs = publicKey !== null && signing?.getFingerprint() === fingerprint
    const whole = signs ? 'signs' : 'cannot-sign'
    const standing = isRevoked ? 'revoked' : expires !== null && expires <= now ? 'expired' : whole
    return { fingerprint, publicKey, standing, expires, created: instantOf(part.getCreationTime().getTime()) }
  }
  const keys = [await certified(certificate, primary)]
  for (const subkey of certificate.subkeys) keys.push(await certified(subkey, publicKeyOf(subkey)))
  if (!keys.some(({ standing }) => standing === 'signs')) {
    const worth = keys.map(({ fingerprint, standing }) => `${fingerprint} (${standing})`).join(', ')
    return refuse('key-cannot-sign', `Nothing can be signed by any key of it: ${worth}.`)
  }
  return { key, certificate: bytes.toString('base64'), keys }
}
