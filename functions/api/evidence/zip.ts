import { crc32, deflateRawSync } from 'node:zlib'

/** A file of a pack, under a name of ASCII. */
export interface PackedFile {
  readonly name: string
  readonly bytes: Buffer
}

/** The first day that the form knows: when a file was made is said in it, where it can be verified. */
const firstDay = 0x0021
const needs = 20
const deflated = 8

/** What stands of a file both before it and in the directory: how it is packed, its check, its lengths, its name's length, no more. */
function toldOf({ name, bytes }: PackedFile, packed: Buffer): Buffer {
  const told = Buffer.alloc(26)
  told.writeUInt16LE(needs, 0)
  told.writeUInt16LE(deflated, 4)
  told.writeUInt16LE(firstDay, 8)
  told.writeUInt32LE(crc32(bytes), 10)
  told.writeUInt32LE(packed.length, 14)
  told.writeUInt32LE(bytes.length, 18)
  told.writeUInt16LE(name.length, 22)
  return told
}

/** Returns a number of four bytes, the lowest first. */
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Returns a zip file (APPNOTE 6.3, without any of its extensions) that holds these files in their order, packed by deflate. The same files give the same bytes. */
export function zipOf(files: readonly PackedFile[]): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []]
  let place = 0
  for (const file of files) {
    const packed = deflateRawSync(file.bytes)
    const told = toldOf(file, packed)
    const name = Buffer.from(file.name, 'latin1')
    const body = [word(0x04034b50), told, name, packed]
    // The directory adds who made it, and, all nothing, a comment, a disk and attributes; at last the place.
    const entry = [word(0x02014b50), Buffer.from([needs, 0]), told, Buffer.alloc(10), word(place), name]
    bodies.push(...body)
    directory.push(...entry)
    place += body.reduce((sum, { length }) => sum + length, 0)
  }
  const entries = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(entries.length, 12)
  end.writeUInt32LE(place, 16)
  return Buffer.concat([...bodies, entries, end])
}
