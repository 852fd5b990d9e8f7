import type { Key, PartialConfig, Signature, Subkey } from 'openpgp'

/** A certificate of OpenPGP that is trusted here. */
export interface Certificate {
  /** What its keys are, each by its numbers in hexadecimal: of two that share one, a holder has one word. */
  readonly keys: readonly string[]
  /** Has one of its keys signed a text, by a signature in base64, as an instant in milliseconds sees it? */
  hasSigned(text: string, signature: string, now: number): Promise<boolean>
}

/** Is it an armored certificate, by its first line? */
export const isArmored = (text: string) => text.trimStart().startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----')

/** In bytes: no signature of a key that is taken is longer. */
const longestSignature = 1024

/** So far the clock of who signs may be ahead of this one, in milliseconds: as far as the control plane lets it be. */
const skew = 5 * 60_000

/** Is it one packet that is a signature, and nothing behind it? What is packed, or holds others, is not looked into. */
function isOneSignature(bytes: Buffer): boolean {
  const [head, first = 0, second = 0] = bytes
  if (head === 0x88) return bytes.length === 2 + first
  if (head === 0x89) return bytes.length === 3 + first * 256 + second
  if (head !== 0xc2) return false
  return first < 192 ? bytes.length === 2 + first : bytes.length === 3 + (first - 192) * 256 + second + 192
}

/** What stands in a signature beside its numbers (RFC 9580, section 5.2.3.7). */
const parts = { made: 2, expires: 3, issuerId: 16, issuer: 33 }
/** What only signatures of keys and of signatures have: who may revoke it, which signature is meant, and another one inside. */
const ofOthers = [12, 31, 32]

/** Returns the types of what stands in an area of a signature, each with its bit for what must be understood; undefined: it does not end where it says. */
function typesIn(area: Uint8Array): readonly number[] | undefined {
  const types: number[] = []
  for (let at = 0; at < area.length; ) {
    const [first = 0, second = 0] = area.subarray(at)
    // None is so long that its length takes five bytes.
    const [width, length] = first < 192 ? [1, first] : [2, (first - 192) * 256 + second + 192]
    const type = area[at + width]
    if (first === 255 || type === undefined || at + width + length > area.length) return undefined
    types.push(type)
    at += width + length
  }
  return types
}

/**
 * Says a signature of version 4 once when it was made and by whom, and besides that nothing that must be understood, that ends it, that only
 * signatures of something else hold, or that is not signed with the rest?
 */
function isStrict(signature: Uint8Array): boolean {
  const [head, first = 0] = signature
  const packet = signature.subarray(head === 0x89 || (head === 0xc2 && first >= 192) ? 3 : 2)
  const lengthAt = (at: number) => (packet[at] ?? 0) * 256 + (packet[at + 1] ?? 0)
  const end = 6 + lengthAt(4)
  const signed = typesIn(packet.subarray(6, end))
  const open = typesIn(packet.subarray(end + 2, end + 2 + lengthAt(end)))
  if (!signed || !open?.every((type) => (type & 127) === parts.issuerId)) return false
  const count = (wanted: number) => signed.filter((type) => (type & 127) === wanted).length
  const known = [parts.made, parts.issuerId, parts.issuer]
  const isUnderstood = signed.every((type) => type < 128 || known.includes(type & 127))
  const isPlain = [parts.expires, ...ofOthers].every((type) => count(type) === 0)
  return isUnderstood && isPlain && count(parts.made) === 1 && count(parts.issuer) === 1
}

/** Returns the numbers of a key. Those of Ed25519 are its 32 bytes, in whatever form they stand. */
function numbersOf({ keyPacket }: Pick<Key | Subkey, 'keyPacket'>): string {
  const { n, A, Q } = (
    keyPacket as unknown as { readonly publicParams: Readonly<Record<string, Uint8Array>> }
  ).publicParams // not in its types
  const isLegacy = keyPacket.getAlgorithmInfo().algorithm === 'eddsaLegacy'
  return Buffer.from((isLegacy ? Q?.subarray(1) : (n ?? A ?? Q)) ?? []).toString('hex')
}

/**
 * Reads a certificate, armored. The package is loaded with the first one, and where there is none it is not. Rejects where it is none, or is a
 * private key.
 */
export async function readCertificate(text: string): Promise<Certificate> {
  const { config: usual, createMessage, enums, readKey, readSignature } = await import('openpgp')
  const { md5, sha1, ripemd, sha256, sha384, sha512 } = enums.hash
  const settings: PartialConfig = {
    rejectHashAlgorithms: new Set([md5, sha1, ripemd]),
    minRSABits: 2048,
    maxUserIDLength: 1024,
    rejectCurves: new Set([...usual.rejectCurves, enums.curve.nistP521]),
  }
  const config = { ...usual, ...settings }
  // The library reads the first, and says nothing of what follows it.
  if (text.split('-----BEGIN PGP').length > 2) throw new TypeError('There is more than one block in it.')
  const certificate = await readKey({ armoredKey: text, config })
  if (certificate.isPrivate()) throw new TypeError('It is a private key.')

  async function isBy(read: Signature, signed: string, now: number): Promise<boolean> {
    const [packet] = read.packets
    if (packet?.version !== 4 || packet.signatureType !== enums.signature.binary) return false
    if (!packet.signatureNeverExpires || packet.created === null) return false
    if (![sha256, sha384, sha512].some((digest) => digest === packet.hashAlgorithm)) return false
    const date = new Date(now)
    const key = await certificate.getSigningKey(packet.issuerKeyID, date, undefined, config)
    const issuer = Buffer.from(packet.issuerFingerprint ?? []).toString('hex')
    if (issuer !== key.getFingerprint() || packet.created < key.getCreationTime()) return false
    const { packets } = await createMessage({ binary: new TextEncoder().encode(signed) })
    // It throws where the signature does not hold.
    const latest = new Date(now + skew)
    await packet.verify(key.keyPacket, enums.signature.binary, packets[0] ?? {}, latest, true, config)
    return true
  }

  return {
    keys: [certificate, ...certificate.subkeys].map(numbersOf).filter((one) => one !== ''),
    async hasSigned(signed, signature, now) {
      const bytes = Buffer.from(signature, 'base64')
      if (bytes.length > longestSignature || !isOneSignature(bytes) || !isStrict(bytes)) return false
      try {
        const read = await readSignature({ binarySignature: new Uint8Array(bytes), config })
        return await isBy(read, signed, now)
      } catch {
        return false
      }
    },
  }
}
