import type { Key, SignaturePacket, Subkey } from 'openpgp'
import { sha256 } from './json.ts'
import { limits } from './limits.ts'
import { Unreadable } from './verdict.ts'

/** What a certificate is. */
export interface Certificate {
  /** The fingerprint of its primary key. */
  readonly fingerprint: string
  /** The numbers of its keys: who share one are one signer. */
  readonly holders: readonly string[]
}

/** That one of the keys of a certificate has signed a text. */
export interface Made {
  /** From then on it counts for nothing; null: it has no end. */
  readonly expires: string | null
}

type Answer = Certificate | Made | null

/** So many milliseconds the clock of who signed may be ahead. */
const skew = 5 * 60_000

/** In bytes. */
const longest = { certificate: 16 * 1024, signature: 1024 }

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

/** Has a text of base64 so many bytes at most, and is it in base64 alone? What is no packet is found by who reads it. */
const isBounded = (text: string, most: number) =>
  text.length <= (most * 4) / 3 + 4 && Buffer.from(text, 'base64').toString('base64') === text

/** How long a packet of a signature is, by its head; 0: it is something else. */
function lengthOf(bytes: Uint8Array): number {
  const [head = 0, one = 0, two = 0] = bytes
  const long = head === 0xc2 && one >= 192 && one < 224
  if (long) return 3 + (one - 192) * 256 + two + 192
  if (head === 0x89) return 3 + one * 256 + two
  return head === 0x88 || (head === 0xc2 && one < 192) ? 2 + one : 0
}

function holderOf({ keyPacket }: Pick<Key | Subkey, 'keyPacket'>): string {
  const held = keyPacket as unknown as { readonly publicParams: Readonly<Record<string, Uint8Array>> } // not in its types
  const { n, A, Q } = held.publicParams
  const numbers = keyPacket.getAlgorithmInfo().algorithm === 'eddsaLegacy' ? Q?.subarray(1) : (n ?? A ?? Q)
  return Buffer.from(numbers ?? []).toString('hex')
}

const endOf = (end: Date | number | null) => (end instanceof Date ? end.toISOString() : null)

/**
 * Answers for signatures of OpenPGP, by the package that knows them. A question is answered once {@link settle} has been waited for; until then, and
 * where the answer is no, there is nothing. The package is loaded when something was asked, and not before.
 */
export class OpenPgp {
  readonly #answers = new Map<string, Answer>()
  readonly #asked = new Map<string, () => Promise<Answer>>()

  #ask<Found extends Answer>(question: readonly string[], answer: () => Promise<Found>): Found | undefined {
    const name = sha256(question.join('\n'))
    if (!this.#answers.has(name)) this.#asked.set(name, answer)
    if (this.#asked.size > limits.certified)
      throw new Unreadable(
        'too-many-signatures',
        `At most ${limits.certified} signatures of OpenPGP are verified.`,
      )
    return this.#answers.get(name) as Found | undefined // what answers a question is of its kind
  }

  /** Returns what a certificate is, its packets in base64. */
  certificate(packets: string): Certificate | undefined {
    return this.#ask([packets], async () => readCertificate(packets)) ?? undefined
  }

  /** Returns what is known where a certificate has signed a text, by a signature in base64, as an instant sees it. */
  made(packets: string, text: string, signature: string, at: string): Made | undefined {
    return (
      this.#ask([packets, text, signature, at], async () => verify(packets, text, signature, at)) ?? undefined
    )
  }

  /** Answers what was asked. Resolves to whether there was anything: who asked has to ask again. */
  async settle(): Promise<boolean> {
    const asked = [...this.#asked]
    this.#asked.clear()
    for (const [name, answer] of asked) this.#answers.set(name, await answer().catch(() => null))
    return asked.length > 0
  }
}

async function opened() {
  const openpgp = await import('openpgp')
  const { md5, sha1, ripemd } = openpgp.enums.hash
  const config = { ...openpgp.config, rejectHashAlgorithms: new Set([md5, sha1, ripemd]), minRSABits: 2048 }
  return { openpgp, config }
}

async function keyIn(packets: string): Promise<Key> {
  if (!isBounded(packets, longest.certificate)) throw new TypeError('It is no certificate.')
  const { openpgp, config } = await opened()
  const key = await openpgp.readKey({ binaryKey: bytesOf(packets), config })
  if (key.isPrivate()) throw new TypeError('It is a private key.')
  return key
}

async function readCertificate(packets: string): Promise<Certificate> {
  const key = await keyIn(packets)
  return {
    fingerprint: key.getFingerprint(),
    holders: [key, ...key.subkeys].map(holderOf).filter((one) => one !== ''),
  }
}

/** Is it of the one kind that a manifest is signed by: detached, over bytes, without an end, by a digest that holds? */
function isMeant(
  packet: SignaturePacket,
  types: { readonly binary: number },
  digests: readonly number[],
): boolean {
  const { version, signatureType, hashAlgorithm, signatureNeverExpires } = packet
  const isOverBytes = version === 4 && signatureType === types.binary
  return isOverBytes && signatureNeverExpires && digests.includes(hashAlgorithm ?? 0)
}

async function verify(packets: string, text: string, signature: string, at: string): Promise<Made | null> {
  const bytes = bytesOf(signature)
  if (!isBounded(signature, longest.signature) || lengthOf(bytes) !== bytes.length) return null
  const certificate = await keyIn(packets)
  const { openpgp, config } = await opened()
  const { sha256, sha384, sha512 } = openpgp.enums.hash
  const [packet] = (await openpgp.readSignature({ binarySignature: bytes, config })).packets
  if (!packet || !isMeant(packet, openpgp.enums.signature, [sha256, sha384, sha512])) return null
  const date = new Date(at)
  const signing = await certificate.getSigningKey(packet.issuerKeyID, date, undefined, config)
  const issuer = Buffer.from(packet.issuerFingerprint ?? []).toString('hex')
  if (issuer !== signing.getFingerprint() || (packet.created ?? 0) < signing.getCreationTime()) return null
  const message = await openpgp.createMessage({ binary: new TextEncoder().encode(text) })
  const [literal = {}] = message.packets
  // It throws where the signature does not hold, or is of later than that.
  const latest = new Date(date.getTime() + skew)
  await packet.verify(signing.keyPacket, openpgp.enums.signature.binary, literal, latest, true, config)
  const ends = [endOf(await certificate.getExpirationTime(undefined, config))]
  if ('bindingSignatures' in signing) ends.push(endOf(await signing.getExpirationTime(date, config)))
  const [expires = null] = ends.filter((end) => end !== null).sort()
  return { expires }
}
