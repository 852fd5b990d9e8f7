import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Below this a text costs about the same packed; JSON that can be read in the table is worth more. */
const worthPacking = 1024

/**
 * Returns a state as a snapshot keeps it: its JSON, packed when it is long. A snapshot is written with every fifteenth commit and read
 * with most loads, and a target's last attempts, mostly the same words, pack to a third.
 */
export function packState(state: unknown): string {
  const json = JSON.stringify(state)
  return json.length < worthPacking ? json : deflateRawSync(json).toString('base64')
}

/** A packed state may become so large: far more than any state, and too little to fill a function's memory with what was forged. */
const maximumBytes = 16 * 1024 * 1024

/** Returns the state in a snapshot. JSON begins with a brace or a bracket, which no packed text does. Throws on what is neither. */
export function unpackState(text: string): unknown {
  if (/^[{[]/.test(text)) return JSON.parse(text)
  return JSON.parse(inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: maximumBytes }).toString())
}
