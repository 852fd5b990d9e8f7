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

/** Is it one packet that is a signature, and nothing behind it? What is packed, or holds others, is not looked into. */
function isOneSignature(bytes: Buffer): boolean {
  const [head, first = 0, second = 0] = bytes
  if (head === 0x88) return bytes.length === 2 + first
  if (head === 0x89) return bytes.length === 3 + first * 256 + second
  if (head !== 0xc2) return false
  return first < 192 ? bytes.length === 2 + first : bytes.length === 3 + (first - 192) * 256 + second + 192
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
  }
  const config = { ...usual, ...settings }
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
    await packet.verify(key.keyPacket, enums.signature.binary, packets[0] ?? {}, date, true, config)
    return true
  }

  return {
    keys: [certificate, ...certificate.subkeys].map(numbersOf).filter((one) => one !== ''),
    async hasSigned(signed, signature, now) {
      const bytes = Buffer.from(signature, 'base64')
      if (bytes.length > longestSignature || !isOneSignature(bytes)) return false
      try {
        const read = await readSignature({ binarySignature: new Uint8Array(bytes), config })
        return await isBy(read, signed, now)
      } catch {
        return false
      }
    },
  }
}
