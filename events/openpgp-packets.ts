/** A packet of OpenPGP (RFC 9580, section 4): what it is, and what is in it. */
export interface Packet {
  readonly tag: number
  readonly body: Buffer
}

/** What packets are, by their tags. */
export const packetTags = {
  signature: 2,
  onePass: 4,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  compressed: 8,
  literal: 11,
  userId: 13,
  publicSubkey: 14,
} as const

/** Returns what a packet is that begins with this byte. */
export const tagOf = (head: number) => ((head & 0x40) === 0 ? (head >> 2) & 15 : head & 63)

/** Returns where a body begins and how long it is; undefined: its length is open, partial, or not all there. */
function extentOf(bytes: Buffer, at: number): { readonly from: number; readonly length: number } | undefined {
  const head = bytes[at] ?? 0
  if ((head & 0x40) === 0) {
    const width = [1, 2, 4][head & 3]
    if (width === undefined || at + 1 + width > bytes.length) return undefined
    return { from: at + 1 + width, length: bytes.readUIntBE(at + 1, width) }
  }
  const first = bytes[at + 1]
  if (first === undefined) return undefined
  if (first < 192) return { from: at + 2, length: first }
  const second = bytes[at + 2]
  if (first < 224)
    return second === undefined ? undefined : { from: at + 3, length: ((first - 192) << 8) + second + 192 }
  if (first < 255 || at + 6 > bytes.length) return undefined
  return { from: at + 6, length: bytes.readUInt32BE(at + 2) }
}

/** Returns the packets in bytes, `most` at most; undefined: they are none, more, or of a length that is not said. Nothing is unpacked. */
export function packetsIn(bytes: Buffer, most: number): readonly Packet[] | undefined {
  const packets: Packet[] = []
  let at = 0
  while (at < bytes.length) {
    const head = bytes[at] ?? 0
    const extent = (head & 0x80) === 0 ? undefined : extentOf(bytes, at)
    if (!extent || extent.from + extent.length > bytes.length || packets.length === most) return undefined
    const end = extent.from + extent.length
    packets.push({ tag: tagOf(head), body: bytes.subarray(extent.from, end) })
    at = end
  }
  return packets.length === 0 ? undefined : packets
}

/** Returns the bytes in an armored block; undefined: it is none of this kind, there is more than one, or its base64 is none. */
export function unarmored(text: string, kind: string): Buffer | undefined {
  const lines = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
  const empty = lines.indexOf('')
  const isFramed = lines[0] === `-----BEGIN PGP ${kind}-----` && lines.at(-1) === `-----END PGP ${kind}-----`
  if (!isFramed || empty < 0) return undefined
  // The sum of 24 bits says nothing of who made it, and may be left out.
  const base64 = lines
    .slice(empty + 1, -1)
    .filter((line) => !/^=[A-Za-z0-9+/]{4}$/.test(line))
    .join('')
  const bytes = Buffer.from(base64, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === base64 ? bytes : undefined
}
