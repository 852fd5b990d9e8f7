import { readFileSync } from 'node:fs'

/** A key that gpg has made, with what it has signed: base64 by the fingerprint of the key or subkey. */
export interface GpgKey {
  readonly fingerprints: readonly string[]
  readonly certificate: string
  readonly signatures: Readonly<Record<string, string>>
}

interface Vectors {
  /** What is signed. */
  readonly text: string
  readonly secret: string
  readonly keys: Readonly<Record<string, GpgKey>>
  readonly good: Readonly<Record<string, string>>
  readonly hostile: Readonly<Record<string, string>>
}

/** What gpg has made: see `vectors.ts`. */
export const vectors: Vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'))

/** Returns a key that gpg has made, by its name there. */
export function gpgKey(name: string): GpgKey {
  const key = vectors.keys[name]
  if (!key) throw new Error(`gpg has made no key ${name}.`)
  return key
}
