import { createHash } from 'node:crypto'

/** A key that releases are verified by. */
export interface PublicKey {
  /** The SHA-256 of its DER, in lower-case hexadecimal: what `openssl pkey -pubin -outform DER | sha256sum` says. */
  readonly key: string
  /** SubjectPublicKeyInfo in DER, in base64. */
  readonly publicKey: string
}

/** What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410). */
const prefix = Buffer.from('302a300506032b6570032100', 'hex')

/** The prime of the field that the curve is over. */
const prime = 2n ** 255n - 19n

/** An ordinate of the points of order eight; the other one is its negative. */
const ofOrderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

const weak: ReadonlySet<bigint> = new Set([0n, 1n, prime - 1n, ofOrderEight, prime - ofOrderEight])

/** Is it one of the few points for which anybody can write a signature that some verifiers take? Agents may have such a one. */
function isWeak(raw: Buffer): boolean {
  const ordinate = BigInt(`0x${Buffer.from(raw).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  return weak.has(ordinate % prime)
}

/**
 * Reads an Ed25519 public key: PEM (`BEGIN PUBLIC KEY`), or base64 of its DER or of its 32 bytes. Returns in words what is wrong where it is
 * none, where it is a private key, or where it is a point for which signatures can be made without one.
 */
export function readPublicKey(text: string): PublicKey | { readonly wrong: string } {
  if (/PRIVATE KEY/.test(text))
    return { wrong: 'This is a private key: it must never leave who signs. Send the public key.' }
  const pem = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(text)
  const base64 = (pem?.[1] ?? text).replace(/\s+/g, '')
  const bytes = Buffer.from(base64, 'base64')
  // Whatever is no base64 is passed over when it is read: only what is written back the same is the text that was sent.
  const wrong =
    'Send an Ed25519 public key: PEM that begins with BEGIN PUBLIC KEY, or base64 of its DER or of its 32 bytes.'
  if (bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) return { wrong }
  const der = bytes.length === 32 ? Buffer.concat([prefix, bytes]) : bytes
  if (der.length !== prefix.length + 32 || !der.subarray(0, prefix.length).equals(prefix)) return { wrong }
  if (isWeak(der.subarray(prefix.length)))
    return { wrong: 'This is a point of small order: anybody can make signatures that it verifies.' }
  const publicKey = der.toString('base64')
  return { publicKey, key: createHash('sha256').update(der).digest('hex') }
}
