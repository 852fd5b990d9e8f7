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

/** Returns the state in a snapshot. JSON begins with a brace or a bracket, which no packed text does. */
export function unpackState(text: string): unknown {
  return JSON.parse(/^[{[]/.test(text) ? text : inflateRawSync(Buffer.from(text, 'base64')).toString())
}
