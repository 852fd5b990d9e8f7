import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { day } from '../../events/time.ts'

/** A certificate with its key, as PEM. */
export interface Certified {
  readonly name: string
  readonly cert: string
  readonly key: string
}

const der = (tag: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const nameOf = (text: string) => sequence(der(0x31, sequence(oid('550403'), der(0x0c, text))))
const instant = (time: number) => der(0x18, `${new Date(time).toISOString().replace(/[-:T]|\.\d+/g, '')}`)
const extension = (hex: string, value: Buffer, critical = true) =>
  sequence(oid(hex), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))
const pem = (label: string, bytes: Buffer) =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END ${label}-----\n`

/** ecdsa-with-SHA256. */
const algorithm = sequence(oid('2a8648ce3d040302'))

/** Makes a certificate by X.509 (RFC 5280) that an authority signs; without one it signs itself and is an authority. */
export function certify(
  name: string,
  {
    by,
    names = [],
    addresses = [],
    ends = Date.now() + 30 * day,
  }: {
    readonly by?: Certified
    readonly names?: readonly string[]
    readonly addresses?: readonly string[]
    readonly ends?: number
  } = {},
): Certified {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const alternatives = [
    ...names.map((one) => der(0x82, one)),
    ...addresses.map((one) => der(0x87, Buffer.from(one.split('.').map(Number)))),
  ]
  const extensions = [
    extension('551d13', by ? sequence() : sequence(der(0x01, Buffer.from([0xff])))),
    ...(alternatives.length > 0 ? [extension('551d11', sequence(...alternatives), false)] : []),
  ]
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(by?.name ?? name),
    sequence(instant(ends - 400 * day), instant(ends)),
    nameOf(name),
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
      type: 'spki',
      format: 'der',
    }),
    der(0xa3, sequence(...extensions)),
  )
  const signer: KeyObject = by ? createPrivateKey(by.key) : privateKey
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, signer))
  return {
    name,
    cert: pem('CERTIFICATE', sequence(content, algorithm, signature)),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}
