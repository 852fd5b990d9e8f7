import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../events/canonical.ts'
import type { Cursor } from './cursor.ts'
import { type Item, itemsFrom, type Source } from './items.ts'
import { type PackedFile, zipOf } from './zip.ts'

/** What bounds a part. */
export interface PartLimits {
  /** So many bytes it holds before they are packed, or a single item that is larger: a function answers 6 MB at most (AWS), in base64. */
  readonly bytes: number
  /** For so long an invocation collects, in milliseconds, and ends with what it has. */
  readonly milliseconds: number
}

export const usualLimits: PartLimits = { bytes: 3 * 1024 * 1024, milliseconds: 10_000 }

/** One part of a pack, and how the next is asked for; null: it is the last. */
export interface Part {
  readonly bytes: Buffer
  readonly next: Cursor | null
}

const digest = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** Collects items of a part as its files. Returns the first that did not fit; null: there is no other. */
async function collect(
  items: AsyncIterable<Item>,
  limits: PartLimits,
  now: () => number,
): Promise<{ readonly files: readonly PackedFile[]; readonly rest: Item | null }> {
  const began = now()
  const texts = new Map<string, string[]>()
  let [bytes, taken] = [0, 0]
  let rest: Item | null = null
  for await (const item of items) {
    const size = Buffer.byteLength(item.text)
    const isFull = bytes > 0 && bytes + size > limits.bytes
    if (isFull || (taken++ > 0 && now() - began >= limits.milliseconds)) {
      rest = item
      break
    }
    if (item.file === null) continue
    bytes += size
    const known = texts.get(item.file)
    if (known) known.push(item.text)
    else texts.set(item.file, [item.text])
  }
  const files = [...texts].map(([name, pieces]) => ({ name, bytes: Buffer.from(pieces.join('')) }))
  return { files, rest }
}

/**
 * Makes one part of a pack: a zip file of its files and `manifest.json`, which names the pack, the part, each file with its length and SHA-256, and
 * the manifest of the part before. So the last manifest stands for all parts.
 */
export async function partOf(
  source: Source,
  cursor: Cursor,
  now: () => number,
  limits: PartLimits,
): Promise<Part> {
  const { files, rest } = await collect(itemsFrom(source, cursor.place), limits, now)
  const manifest = canonicalJson({
    format: 'drydock-evidence-1',
    upgrade: source.upgrade,
    commit: cursor.commit,
    part: cursor.part,
    previous: cursor.previous,
    last: rest === null,
    files: files.map(({ name, bytes }) => ({ name, length: bytes.length, sha256: digest(bytes) })),
  })
  const bytes = zipOf([{ name: 'manifest.json', bytes: Buffer.from(manifest) }, ...files])
  const next = rest && { ...cursor, part: cursor.part + 1, previous: digest(manifest), place: rest.place }
  return { bytes, next }
}
