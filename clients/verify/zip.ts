import { crc32, inflateRawSync } from 'node:zlib'
import { limits } from './limits.ts'
import { Unreadable } from './verdict.ts'

/** A file in a part, still packed. */
export interface Packed {
  readonly name: string
  readonly length: number
  /** Returns its bytes; undefined: they cannot be unpacked, or are not what its check says. */
  bytes(): Buffer | undefined
}

/** Only these names are in a pack: none leads anywhere. */
const names = /^(manifest\.json|report\.md|(upgrade|plan|context|targets)\.jsonl|heads\/[0-9]{10}\.json)$/

/** What stands in every file of a pack, in the middle of what is told of it: made for version 20, deflated, at the first instant that the form knows. */
const constant = Buffer.from('14000000080000002100', 'hex')

const broken = (words: string) => new Unreadable('not-a-pack', `${words}: no part of a pack is written so.`)

function boundName(name: string, known: ReadonlySet<string>): void {
  if (/(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:/.test(name))
    throw new Unreadable('path-leads-out', `The name ${JSON.stringify(name)} leads out of the pack.`)
  if (!names.test(name))
    throw new Unreadable('unknown-name', `No pack has a file ${JSON.stringify(name.slice(0, 100))}.`)
  if (known.has(name)) throw new Unreadable('name-twice', `${name} is there twice.`)
}

function unpack(packed: Buffer, length: number, check: number): Buffer | undefined {
  try {
    // Never more than was announced, which is bounded for all files together.
    const { buffer, engine } = inflateRawSync(packed, {
      maxOutputLength: Math.max(1, length),
      info: true,
    }) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    } // by `info`, which the types do not know
    const whole = engine.bytesWritten === packed.length && buffer.length === length
    return whole && crc32(buffer) === check ? buffer : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads the directory of a part, as a pack writes it and in no other way: files one after the other without a gap, told the same twice, no
 * comment, no extension, no name but those of a pack. Throws Unreadable, and unpacks nothing.
 */
export function readZip(zip: Buffer): Packed[] {
  if (zip.length > limits.part) throw new Unreadable('too-large', `A part has at most ${limits.part} bytes.`)
  const end = zip.length - 22
  if (end < 0 || zip.readUInt32LE(end) !== 0x06054b50) throw broken('It does not end as a zip file')
  const count = zip.readUInt16LE(end + 10)
  const start = zip.readUInt32LE(end + 16)
  const alone = zip.readUInt32LE(end + 4) === 0 && zip.readUInt16LE(end + 20) === 0
  if (!alone || zip.readUInt16LE(end + 8) !== count || start + zip.readUInt32LE(end + 12) !== end)
    throw broken('Its directory is not where its end says')
  if (count > limits.filesOfPart)
    throw new Unreadable('too-many-files', `A part has at most ${limits.filesOfPart} files, not ${count}.`)
  const files: Packed[] = []
  const known = new Set<string>()
  let [entry, place, unpacked] = [start, 0, 0]
  for (let index = 0; index < count; index++) {
    if (entry + 46 > end || zip.readUInt32LE(entry) !== 0x02014b50) throw broken('An entry is no entry')
    const told = zip.subarray(entry + 6, entry + 32)
    const nameLength = told.readUInt16LE(22)
    const [check, packedLength, length] = [
      told.readUInt32LE(10),
      told.readUInt32LE(14),
      told.readUInt32LE(18),
    ]
    const next = entry + 46 + nameLength
    const body = place + 30 + nameLength
    if (next > end || body + packedLength > start) throw broken('An entry reaches beyond its place')
    const name = zip.subarray(entry + 46, next).toString('latin1')
    boundName(name, known)
    known.add(name)
    const same =
      zip.readUInt32LE(place) === 0x04034b50 &&
      zip.subarray(place + 4, place + 30).equals(told) &&
      zip.subarray(place + 30, body).equals(zip.subarray(entry + 46, next)) &&
      told.subarray(0, 10).equals(constant) &&
      told.readUInt16LE(24) === 0 &&
      zip.readUInt16LE(entry + 4) === 20 &&
      zip.subarray(entry + 32, entry + 42).every((byte) => byte === 0) &&
      zip.readUInt32LE(entry + 42) === place
    if (!same) throw broken(`What is told of ${name} is told in two ways, or has more in it`)
    unpacked += length
    if (unpacked > limits.unpacked)
      throw new Unreadable('bomb', `Unpacked, a part has at most ${limits.unpacked} bytes.`)
    const packed = zip.subarray(body, body + packedLength)
    files.push({ name, length, bytes: () => unpack(packed, length, check) })
    ;[entry, place] = [next, body + packedLength]
  }
  if (entry !== end || place !== start) throw broken('Something lies between its files')
  return files
}
