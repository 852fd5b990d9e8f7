import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

export { canonicalJson } from './canonical-json.ts'

/** Returns the SHA-256 of a text, in lower-case hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** Returns the SHA-256 of a value's canonical JSON, in lower-case hexadecimal. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value))
}
