import { createHash } from 'node:crypto'

/** So many keys hold a view that many streams feed at once: DynamoDB takes 1,000 writes a second for each key. */
const keys = 8

/** A view that lies under several keys, so that none of them bounds how fast it grows. */
export interface SpreadView {
  /** The names under which its rows lie. */
  readonly parts: readonly string[]
  /** Returns the name under which the rows of something lie: always the same one. */
  partOf(something: string): string
}

/** Returns a view of this name that lies under several keys. */
export function spread(name: string): SpreadView {
  const part = (number: number) => `${name}~${number}`
  return {
    parts: Array.from({ length: keys }, (_, number) => part(number)),
    partOf: (something) => part(createHash('sha256').update(something).digest().readUInt8(0) % keys),
  }
}
