/**
 * Returns the one text of a JSON value: members sorted by name, no white space, undefined members left out (RFC 8785).
 * Throws a TypeError, naming the path, on what JSON cannot hold: a hash over it would hide a bug.
 */
export function canonicalJson(value: unknown, path = '$'): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (Array.isArray(value)) {
    return `[${value.map((member, index) => canonicalJson(member, `${path}[${index}]`)).join(',')}]`
  }
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, `${path}.${name}`)}`)
      return `{${members.join(',')}}`
    }
  }
  throw new TypeError(`${path} is not JSON: ${String(value)}`)
}
