import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { DamagedFile } from '../damage.ts'

/** Where Lambda unpacks the layers of a function. */
const mount = '/opt/'

/** Signatures and lengths of the headers in an archive (PKWARE, APPNOTE.TXT 4.3). */
const end = { signature: 0x06054b50, bytes: 22, comment: 65_535 }
const entry = { signature: 0x02014b50, bytes: 46 }
const local = { bytes: 30 }
const methods = { stored: 0, deflated: 8 }

/** Returns a file of a ZIP archive; undefined: it has none of that name. Throws a DamagedFile where it is no such archive. */
function unzipped(archive: string, name: string): Buffer | undefined {
  const all = readFileSync(archive)
  const from = Math.max(0, all.length - end.bytes - end.comment)
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(end.signature)
  const tail = all.lastIndexOf(mark)
  if (tail < from) throw new DamagedFile(archive, 'it is no ZIP archive')
  let at = all.readUInt32LE(tail + 16)
  for (let left = all.readUInt16LE(tail + 10); left > 0; left--) {
    if (all.readUInt32LE(at) !== entry.signature) throw new DamagedFile(archive, 'its directory is none')
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((place) => all.readUInt16LE(at + place))
    const found = all.toString('utf8', at + entry.bytes, at + entry.bytes + (nameBytes ?? 0))
    if (found === name) {
      const method = all.readUInt16LE(at + 10)
      const start = all.readUInt32LE(at + 42)
      const begin = start + local.bytes + all.readUInt16LE(start + 26) + all.readUInt16LE(start + 28)
      const content = all.subarray(begin, begin + all.readUInt32LE(at + 20))
      if (method === methods.stored) return content
      if (method === methods.deflated) return inflateRawSync(content)
      throw new DamagedFile(archive, `${name} is packed by a method that is not known`)
    }
    at += entry.bytes + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0)
  }
  return undefined
}

/** Takes a program out of an archive, once. Returns its path. */
export function programFrom(archive: string, name: string, directory: string): string {
  const path = join(directory, basename(archive, '.zip'), name)
  if (statSync(path, { throwIfNoEntry: false })) return path
  const content = unzipped(archive, name)
  if (content === undefined) throw new Error(`${archive} has no ${name}.`)
  mkdirSync(dirname(path), { recursive: true })
  // Whoever finds it finds it whole.
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, content, { mode: 0o700 })
  renameSync(unfinished, path)
  return path
}

/**
 * Returns the environment of a function that has a layer: what it names below `/opt` is unpacked where this machine keeps it, and nothing else of the
 * layer is.
 */
export function withLayer(
  variables: Readonly<Record<string, string>>,
  archive: string,
  directory: string,
): Readonly<Record<string, string>> {
  const places = Object.entries(variables).map(([name, value]) => [
    name,
    value.startsWith(mount) ? programFrom(archive, value.slice(mount.length), directory) : value,
  ])
  return Object.fromEntries(places)
}
