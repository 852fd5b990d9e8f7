import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { packetsIn, packetTags, tagOf } from './openpgp-packets.ts'
import { instantOf, second } from './time.ts'

/** A detached signature of OpenPGP over bytes (RFC 9580, section 5.2.3): version 4, of the one type that is meant here. */
export interface DetachedSignature {
  /** The fingerprint of the key that it says has made it, in lower-case hexadecimal. */
  readonly issuer: string
  /** When it says that it was made. */
  readonly made: string
  readonly digest: 'sha256' | 'sha384' | 'sha512'
  /** Of which kind the key is, as Node calls it. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519'
  /** What is hashed behind the text. */
  readonly trailer: Buffer
  /** What the hash begins with. */
  readonly begins: Buffer
  /** The numbers that it is made of, or its bytes. */
  readonly parts: readonly Buffer[]
}

/** Why something is no signature that could count, by a code, and in words that end a sentence. */
export interface Unsigned {
  readonly code:
    | 'signature-malformed'
    | 'signature-not-detached'
    | 'signature-not-single'
    | 'signature-version-unknown'
    | 'signature-text-mode'
    | 'signature-type-wrong'
    | 'signature-expires'
    | 'signature-critical-unknown'
    | 'digest-refused'
    | 'algorithm-refused'
  readonly words: string
}

const unsigned = (code: Unsigned['code'], words: string): Unsigned => ({ code, words })

const digests = new Map<number, DetachedSignature['digest']>([
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
])
const weakDigests = new Map([
  [1, 'MD5'],
  [2, 'SHA-1'],
  [3, 'RIPEMD-160'],
])

/** How keys sign, by number: RSA, ECDSA, EdDSA as GnuPG writes it, and Ed25519 as RFC 9580 does. */
const algorithms = new Map<
  number,
  { readonly keyType: DetachedSignature['keyType']; readonly numbers: number }
>([
  [1, { keyType: 'rsa', numbers: 1 }],
  [19, { keyType: 'ec', numbers: 2 }],
  [22, { keyType: 'ed25519', numbers: 2 }],
  [27, { keyType: 'ed25519', numbers: 0 }],
])

/** What stands in a signature beside its numbers, by number (section 5.2.3.7). */
const parts = { made: 2, expires: 3, issuerId: 16, notation: 20, issuer: 33 }
/** What only signatures of keys and of signatures have: who may revoke it, which signature is meant, and another one inside. */
const ofOthers: ReadonlySet<number> = new Set([12, 31, 32])
const understood: ReadonlySet<number> = new Set([parts.made, parts.issuerId, parts.issuer])

interface Subpacket {
  readonly type: number
  readonly isCritical: boolean
  readonly body: Buffer
}

function subpacketsIn(area: Buffer): readonly Subpacket[] | undefined {
  const found: Subpacket[] = []
  let at = 0
  while (at < area.length) {
    const first = area[at] ?? 0
    const width = first < 192 ? 1 : first < 255 ? 2 : 5
    if (at + width > area.length) return undefined
    const length =
      width === 1
        ? first
        : width === 2
          ? ((first - 192) << 8) + (area[at + 1] ?? 0) + 192
          : area.readUInt32BE(at + 1)
    const from = at + width
    const type = area[from]
    if (length === 0 || type === undefined || from + length > area.length) return undefined
    found.push({
      type: type & 127,
      isCritical: (type & 128) !== 0,
      body: area.subarray(from + 1, from + length),
    })
    at = from + length
  }
  return found
}

/** How many bits a number has. */
const bitsOf = (number: Buffer) => number.length * 8 - Math.clz32(number[0] ?? 0) + 24

/** Returns so many numbers, each written in the one way, or with 0 the 64 bytes of Ed25519; undefined: there is something else. */
function numbersIn(bytes: Buffer, count: number): readonly Buffer[] | undefined {
  if (count === 0) return bytes.length === 64 ? [bytes] : undefined
  const numbers: Buffer[] = []
  let at = 0
  for (let number = 0; number < count; number++) {
    if (at + 2 > bytes.length) return undefined
    const bits = bytes.readUInt16BE(at)
    const end = at + 2 + Math.ceil(bits / 8)
    const number = bytes.subarray(at + 2, end)
    if (bits === 0 || end > bytes.length || bitsOf(number) !== bits) return undefined
    numbers.push(number)
    at = end
  }
  return at === bytes.length ? numbers : undefined
}

/** In bytes: what a packet is, and its length. */
const longestHead = 3

const notDetached: ReadonlySet<number> = new Set([
  packetTags.onePass,
  packetTags.compressed,
  packetTags.literal,
])

function bodyIn(signature: string): Buffer | Unsigned {
  const bytes = Buffer.from(signature, 'base64')
  if (bytes.toString('base64').replace(/=+$/, '') !== signature.replace(/=+$/, ''))
    return unsigned('signature-malformed', 'it is no base64')
  if (bytes.subarray(0, 15).toString('latin1') === '-----BEGIN PGP ')
    return bytes.subarray(15, 29).toString('latin1') === 'SIGNED MESSAGE'
      ? unsigned('signature-not-detached', 'it is a text with its signature: make one with --detach-sign')
      : unsigned('signature-malformed', 'it is armored: send the base64 of what gpg --dearmor makes of it')
  // Whatever is inside is neither unpacked nor looked for.
  if (notDetached.has(tagOf(bytes[0] ?? 0)))
    return unsigned('signature-not-detached', 'it is a message of its own: make one with --detach-sign')
  const packets = packetsIn(bytes, 16)
  if (!packets) return unsigned('signature-malformed', 'it is not made of packets whose lengths are said')
  const [first] = packets
  if (packets.length > 1) return unsigned('signature-not-single', `there are ${packets.length} packets in it`)
  if (first?.tag !== packetTags.signature) return unsigned('signature-malformed', 'it is no signature')
  // Whoever reads signatures strictly reads lengths of one and two bytes: no signature is longer.
  if (bytes.length - first.body.length > longestHead)
    return unsigned('signature-malformed', 'its length is written in more bytes than it takes')
  return first.body
}

function refusalOfParts(hashed: readonly Subpacket[], open: readonly Subpacket[]): Unsigned | undefined {
  const all = [...hashed, ...open]
  if (all.some(({ type }) => type === parts.expires))
    return unsigned('signature-expires', 'it ends by itself, and what a manifest says of its end is enough')
  // Where these stand others read no further, though nobody is told that they have to be understood.
  if (all.some(({ type }) => ofOthers.has(type)))
    return unsigned('signature-malformed', 'it holds what only signatures of keys and signatures do')
  const critical = all.find(({ type, isCritical }) => isCritical && !understood.has(type))
  if (critical?.type === parts.notation)
    return unsigned('signature-critical-unknown', 'it has a notation that must be understood, and is not')
  if (critical)
    return unsigned(
      'signature-critical-unknown',
      `it has something of type ${critical.type} that must be understood, and is not`,
    )
  return undefined
}

/** Returns what stands once in the part of a signature that is signed too; undefined: it is not there, or more than once, or longer. */
function onlyOne(hashed: readonly Subpacket[], wanted: number, length: number): Buffer | undefined {
  const [first, second] = hashed.filter(({ type }) => type === wanted)
  return second || first?.body.length !== length ? undefined : first.body
}

/**
 * Reads a detached signature, base64 of its one packet, and returns what it says, or why it could not count whoever made it. Nothing of it is
 * believed yet: {@link hasSignedDetached} says whether a key has made it.
 */
export function readDetached(signature: string): DetachedSignature | Unsigned {
  const body = bodyIn(signature)
  if (!Buffer.isBuffer(body)) return body
  const [version, type, algorithm = 0, digest = 0] = body
  if (version !== 4)
    return unsigned('signature-version-unknown', `it is of version ${version}, and version 4 is read`)
  if (type === 1)
    return unsigned('signature-text-mode', 'it is over lines of text: make one without --textmode')
  if (type !== 0)
    return unsigned('signature-type-wrong', `it is of type ${type}, which is none over a document`)
  const way = algorithms.get(algorithm)
  if (!way) return unsigned('algorithm-refused', `it is made by algorithm ${algorithm}`)
  const digestName = digests.get(digest)
  if (!digestName)
    return unsigned(
      'digest-refused',
      `its digest is ${weakDigests.get(digest) ?? `of number ${digest}`}: SHA-256, SHA-384 and SHA-512 are taken`,
    )
  const malformed = unsigned('signature-malformed', 'its packet is not as long as it says')
  if (body.length < 8) return malformed
  const hashedEnd = 6 + body.readUInt16BE(4)
  if (hashedEnd + 2 > body.length) return malformed
  const openEnd = hashedEnd + 2 + body.readUInt16BE(hashedEnd)
  const hashed = subpacketsIn(body.subarray(6, hashedEnd))
  const open = openEnd + 2 > body.length ? undefined : subpacketsIn(body.subarray(hashedEnd + 2, openEnd))
  const numbers = numbersIn(body.subarray(openEnd + 2), way.numbers)
  if (!hashed || !open || !numbers) return malformed
  const refused = refusalOfParts(hashed, open)
  if (refused) return refused
  const made = onlyOne(hashed, parts.made, 4)
  const issuer = onlyOne(hashed, parts.issuer, 21)
  if (!made || issuer?.[0] !== 4)
    return unsigned('signature-malformed', 'it does not say once when it was made, and by which key')
  // What is not signed with the rest may repeat who made it, as gpg does, and nothing else: others might read something out of it.
  const ids = [...hashed.filter(({ type }) => type === parts.issuerId), ...open]
  if (!ids.every(({ type, body }) => type === parts.issuerId && body.equals(issuer.subarray(13))))
    return unsigned('signature-malformed', 'it says something that is not signed, or names two keys')
  const end = Buffer.alloc(6)
  end.writeUInt16BE(0x04ff, 0)
  end.writeUInt32BE(hashedEnd, 2)
  return {
    issuer: issuer.subarray(1).toString('hex'),
    made: instantOf(made.readUInt32BE(0) * second),
    digest: digestName,
    keyType: way.keyType,
    trailer: Buffer.concat([body.subarray(0, hashedEnd), end]),
    begins: body.subarray(openEnd, openEnd + 2),
    parts: numbers,
  }
}

/** Returns bytes with zeros before them, which OpenPGP leaves out; undefined: they are more. */
const filled = (number: Buffer, length: number): Buffer | undefined =>
  number.length > length ? undefined : Buffer.concat([Buffer.alloc(length - number.length), number])

/** Returns a signature as Node takes it; undefined: it is none of such a key. */
function signatureFor(key: KeyObject, { keyType, parts }: DetachedSignature): Buffer | undefined {
  if (key.asymmetricKeyType !== keyType) return undefined
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (keyType === 'ed25519' && parts.length === 1) return parts[0]
  const length = { rsa: modulusLength / 8, ec: namedCurve === 'secp384r1' ? 48 : 32, ed25519: 32 }[keyType]
  const all = parts.map((part) => filled(part, length))
  return all.every((part) => part !== undefined) ? Buffer.concat(all) : undefined
}

/** Has a key made a signature over a text in UTF-8? The key is SubjectPublicKeyInfo in DER, in base64. What is no key has made none. */
export function hasSignedDetached(publicKey: string, text: string, signature: DetachedSignature): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    const bytes = signatureFor(key, signature)
    if (!bytes) return false
    const signed = Buffer.concat([Buffer.from(text, 'utf8'), signature.trailer])
    const digest = createHash(signature.digest).update(signed).digest()
    if (!digest.subarray(0, 2).equals(signature.begins)) return false
    // EdDSA of OpenPGP signs the digest; the others are given what they digest themselves.
    return signature.keyType === 'ed25519'
      ? verify(null, digest, key, bytes)
      : verify(signature.digest, signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)
  } catch {
    return false
  }
}
