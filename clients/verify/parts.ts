import {
  boundMembers,
  countOf,
  type Json,
  listOf,
  Malformed,
  memberOf,
  objectOf,
  readCanonical,
  sha256,
  textIn,
  textOf,
} from './json.ts'
import { limits } from './limits.ts'
import { Unreadable, type Verdict } from './verdict.ts'
import { type Packed, readZip } from './zip.ts'

/** A file that was given: its name in words, and how it is read. */
export interface GivenFile {
  readonly name: string
  read(): Buffer
}

interface Manifest {
  readonly upgrade: string
  readonly commit: number
  readonly part: number
  readonly previous: string
  readonly last: boolean
  readonly files: readonly { readonly name: string; readonly length: number; readonly sha256: string }[]
  /** The SHA-256 of the manifest itself. */
  readonly digest: string
}

/** A part with its manifest, and how its files are read. */
interface Part extends Manifest {
  readonly given: GivenFile
}

/** The parts of one pack, in their order. */
export interface Pack {
  readonly upgrade: string
  /** The last commit of the upgrade that is in it. */
  readonly commit: number
  readonly parts: readonly Part[]
}

/** A file of a pack as its manifest has it. */
export interface PackFile {
  readonly name: string
  /** Where it stands, in words. */
  readonly where: string
  readonly text: string
}

const format = 'drydock-evidence-1'

const membersOfFile = new Set(['name', 'length', 'sha256'])

function fileOf(value: Json) {
  const file = objectOf(value, 'a file')
  boundMembers(file, membersOfFile, 'a file')
  return { name: textOf(file, 'name'), length: countOf(file, 'length'), sha256: textOf(file, 'sha256') }
}

const members = ['commit', 'files', 'format', 'last', 'part', 'previous', 'upgrade']

function manifestOf(bytes: Buffer): Manifest {
  const text = textIn(bytes)
  if (text === undefined) throw new Malformed('it is no UTF-8')
  const read = objectOf(readCanonical(text), 'it')
  if (Object.keys(read).join() !== members.join()) throw new Malformed('it has other members')
  if (textOf(read, 'format') !== format) throw new Malformed(`its format is not ${format}`)
  const last = memberOf(read, 'last')
  if (typeof last !== 'boolean') throw new Malformed('last is neither true nor false')
  return {
    upgrade: textOf(read, 'upgrade'),
    commit: countOf(read, 'commit'),
    part: countOf(read, 'part'),
    previous: textOf(read, 'previous'),
    last,
    files: listOf(read, 'files').map(fileOf),
    digest: sha256(bytes),
  }
}

function packedIn({ name, read }: GivenFile): readonly Packed[] {
  try {
    return readZip(read())
  } catch (error) {
    if (error instanceof Unreadable) throw new Unreadable(error.why, `${name}: ${error.message}`)
    throw error
  }
}

/** How much of a file is read at once, where it is read as one text of JSON. */
const longestOf = (name: string) => (name === 'manifest.json' ? limits.line : limits.document)

function boundFile({ name, length }: Packed, where: string): void {
  if (name.endsWith('.json') && length > longestOf(name))
    throw new Unreadable('too-large', `${where}: it has at most ${longestOf(name)} bytes.`)
}

/** Counts what all parts ask for together. */
class Together {
  #bytes = 0
  #files = 0

  take(packed: readonly Packed[]): void {
    for (const { length } of packed) this.#bytes += length
    this.#files += packed.length
    if (this.#bytes > limits.together)
      throw new Unreadable('bomb', `Unpacked, all parts have at most ${limits.together} bytes together.`)
    if (this.#files > limits.files)
      throw new Unreadable('too-many-files', `All parts have at most ${limits.files} files together.`)
  }
}

function partIn(given: GivenFile, together: Together, verdict: Verdict): Part | undefined {
  const files = packedIn(given)
  together.take(files)
  for (const file of files) boundFile(file, `${given.name}/${file.name}`)
  const packed = files.find(({ name }) => name === 'manifest.json')
  if (!packed) throw new Unreadable('no-manifest', `${given.name} has no manifest.json.`)
  const bytes = packed.bytes()
  if (!bytes) {
    verdict.find('file-damaged', `${given.name}/manifest.json`, 'It cannot be unpacked.')
    return undefined
  }
  try {
    return { ...manifestOf(bytes), given }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    verdict.find(
      'manifest-changed',
      `${given.name}/manifest.json`,
      `No manifest is written so: ${error.message}.`,
    )
    return undefined
  }
}

/** Reads the manifests of all files that were given, and puts the parts in their order. Undefined: none can be read, which the verdict tells. */
export function readPack(given: readonly GivenFile[], verdict: Verdict): Pack | undefined {
  if (given.length === 0) throw new Unreadable('nothing-given', 'Name the files of the pack.')
  if (given.length > limits.parts)
    throw new Unreadable('too-many-parts', `A pack has at most ${limits.parts} parts, not ${given.length}.`)
  const together = new Together()
  const parts = given.flatMap((one) => partIn(one, together, verdict) ?? [])
  parts.sort((one, other) => one.part - other.part)
  const [first] = parts
  if (!first) return undefined
  let [number, previous] = [0, '']
  for (const part of parts) {
    const where = part.given.name
    if (part.part > number + 1)
      verdict.find('part-missing', where, `Part ${number + 1} is missing before part ${part.part}.`)
    else if (part.part !== number + 1)
      verdict.find('part-of-another-pack', where, `Part ${part.part} is there twice, or has no number.`)
    else if (part.previous !== previous)
      verdict.find('part-of-another-pack', where, `It does not follow from part ${number}.`)
    if (part.upgrade !== first.upgrade || part.commit !== first.commit)
      verdict.find(
        'part-of-another-pack',
        where,
        `It is about upgrade ${part.upgrade} up to commit ${part.commit}.`,
      )
    if (part.last !== (part === parts.at(-1)))
      verdict.find(
        part.last ? 'part-of-another-pack' : 'part-missing',
        where,
        part.last ? 'It is the last, and others follow.' : 'It is not the last, and nothing follows.',
      )
    ;[number, previous] = [part.part, part.digest]
  }
  return { upgrade: first.upgrade, commit: first.commit, parts }
}

/** Yields the files of a pack in their order, each held against its manifest; one part at a time is in memory. */
export function* filesOf({ parts }: Pack, verdict: Verdict): Generator<PackFile> {
  for (const { given, files } of parts) {
    const packed = new Map(packedIn(given).map((file) => [file.name, file]))
    packed.delete('manifest.json')
    for (const { name, length, sha256: expected } of files) {
      const where = `${given.name}/${name}`
      const file = packed.get(name)
      packed.delete(name)
      if (!file) {
        verdict.find('file-missing', where, 'It is named, and not there.')
        continue
      }
      const bytes = file.bytes()
      if (!bytes) {
        verdict.find('file-damaged', where, 'It cannot be unpacked.')
        continue
      }
      if (bytes.length !== length || sha256(bytes) !== expected)
        verdict.find('file-changed', where, 'It is not the one that the manifest names.')
      const text = textIn(bytes)
      if (text === undefined) verdict.find('file-damaged', where, 'It is no UTF-8.')
      else yield { name, where, text }
    }
    for (const name of packed.keys())
      verdict.find('file-added', `${given.name}/${name}`, 'The manifest does not name it.')
  }
}
