import { createHmac } from 'node:crypto'

/**
 * Stands in bundles for `fast-sha256`, by which messages are signed: SHA-256 in JavaScript, which the runtime has as well, and which every function
 * would carry.
 */
export function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest()
}
