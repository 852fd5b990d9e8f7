import { createHash, randomUUID } from 'node:crypto'

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}

/**
 * The functions that Step Functions adds to JSONata, by the name an expression calls them.
 * Source: Visit Functions Developer Guide, "JSONata functions provided by Step Functions".
 */
export const AWS_FUNCTIONS: Readonly<Record<string, (...parameters: never[]) => unknown>> = {
  partition(items: unknown[], size: number): unknown[][] {
    if (!Number.isInteger(size) || size < 1) throw new Error('$partition needs a positive integer size')
    const list = Array.isArray(items) ? items : [items]
    return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
      list.slice(index * size, (index + 1) * size),
    )
  },

  /** A range of one gives the number itself, as AWS does. */
  range(first: number, last: number, by: number): number | number[] {
    if (!Number.isFinite(by) || by === 0) throw new Error('$range needs a by other than 0')
    const length = Math.max(0, Math.floor((last - first) / by) + 1)
    if (length > 360_145) throw new Error('Expression evaluation memory limit exceeded')
    const numbers = Array.from({ length }, (_, index) => first + index * by)
    return numbers.length === 1 ? first : numbers
  },

  hash(content: unknown, algorithm = 'SHA-256'): string {
    const name = HASHES[algorithm]
    if (name === undefined) throw new Error(`$hash knows ${Object.keys(HASHES).join(', ')}`)
    return createHash(name)
      .update(typeof content === 'string' ? content : JSON.stringify(content))
      .digest('hex')
  },

  random(seed?: number): number {
    return seed === undefined ? Math.random() : seeded(seed)
  },

  uuid(): string {
    return randomUUID()
  },

  parse(text: string): unknown {
    return JSON.parse(text)
  },
}

/** A number in [0, 1) that depends on the seed only (mulberry32). */
function seeded(seed: number): number {
  let mixed = (Math.trunc(seed) + 0x6d2b79f5) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
