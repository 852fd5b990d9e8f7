import { createHash } from 'node:crypto'

/**
 * Returns the UUID of a name in a namespace, itself a UUID: version 5 of RFC 9562, the same for the same two, and another for any other. So whoever
 * does the same twice means the same thing.
 */
export function nameId(name: string, namespace: string): string {
  const bytes = createHash('sha1').update(namespace.replaceAll('-', ''), 'hex').update(name, 'utf8').digest()
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
