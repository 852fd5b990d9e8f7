import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { CertifiedKey } from '../../events/trust.ts'

/** A key of Ed25519 with which signatures of OpenPGP are made byte by byte, as no program would make them. */
export interface Crafter {
  readonly privateKey: KeyObject
  readonly certified: CertifiedKey
}

/** Returns a new one, which may sign unless something else is said. */
export function newCrafter(changes: Partial<CertifiedKey> = {}): Crafter {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const der = publicKey.export({ format: 'der', type: 'spki' })
  return {
    privateKey,
    certified: {
      fingerprint: createHash('sha1').update(der).digest('hex'),
      publicKey: der.toString('base64'),
      standing: 'signs',
      created: '2025-12-01T00:00:00.000Z',
      expires: null,
      ...changes,
    },
  }
}

/** Returns a part of a signature, as it stands in it. */
export function subpacket(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([body.length + 1, type]), body])
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const counted = (bytes: Buffer) =>
  Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])

function numberOf(bytes: Buffer): Buffer {
  const from = bytes.findIndex((byte) => byte !== 0)
  const significant = from < 0 ? Buffer.alloc(0) : bytes.subarray(from)
  const bits = significant.length === 0 ? 0 : significant.length * 8 - Math.clz32(significant[0] ?? 0) + 24
  return Buffer.concat([Buffer.from([bits >> 8, bits & 255]), significant])
}

/** Returns a packet of a kind, with the shortest length. */
export function packet(tag: number, body: Buffer): Buffer {
  const length =
    body.length < 192
      ? Buffer.from([body.length])
      : body.length < 8384
        ? Buffer.from([192 + ((body.length - 192) >> 8), (body.length - 192) & 255])
        : Buffer.concat([Buffer.from([255]), uint32(body.length)])
  return Buffer.concat([Buffer.from([0xc0 | tag]), length, body])
}

interface Crafted {
  readonly version?: number
  readonly type?: number
  readonly digest?: number
  readonly made?: string
  /** What stands in the signed part, in place of when and by whom it was made, or beside that. */
  readonly hashed?: readonly Buffer[]
  readonly more?: readonly Buffer[]
  readonly open?: readonly Buffer[]
}

const digestNames: Readonly<Record<number, string>> = {
  1: 'md5',
  2: 'sha1',
  3: 'ripemd160',
  8: 'sha256',
  9: 'sha384',
  10: 'sha512',
  11: 'sha224',
  12: 'sha3-256',
}

/** Returns the packet of a signature over a text, true but for what is asked to be otherwise. */
export function crafted(
  { privateKey, certified }: Crafter,
  text: string,
  {
    version = 4,
    type = 0,
    digest = 8,
    made = '2026-01-01T00:00:00.000Z',
    more = [],
    open = [],
    ...asked
  }: Crafted = {},
): Buffer {
  const issuer = Buffer.concat([Buffer.from([4]), Buffer.from(certified.fingerprint, 'hex')])
  const usual = [subpacket(2, uint32(Date.parse(made) / 1000)), subpacket(33, issuer)]
  const hashed = Buffer.concat([...(asked.hashed ?? usual), ...more])
  const head = Buffer.concat([Buffer.from([version, type, 22, digest]), counted(hashed)])
  const end = Buffer.concat([Buffer.from([version, 0xff]), uint32(head.length)])
  const sum = createHash(digestNames[digest] ?? 'sha256')
    .update(text)
    .update(head)
    .update(end)
    .digest()
  const signature = sign(null, sum, privateKey)
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map(numberOf)
  return packet(2, Buffer.concat([head, counted(Buffer.concat(open)), sum.subarray(0, 2), ...numbers]))
}
