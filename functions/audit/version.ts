const number = '(?:0|[1-9]\\d*)'
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const numbered = new RegExp(`^${number}\\.${number}\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?$`)

/** Which version a text names: a leading v does not count, nor does case where it is MAJOR.MINOR.PATCH (design: #versions). */
export function identityOf(text: string): string {
  const bare = text.replace(/^v(?=\d)/i, '')
  return numbered.test(bare) ? bare.toLowerCase() : bare
}

/** Do two texts name one version (M1)? */
export function sameVersion(left: string, right: string): boolean {
  return left === right || identityOf(left) === identityOf(right)
}

/** By what a release is found, however its version is written. */
export function releaseName(component: string, version: string): string {
  return `${component}@${identityOf(version)}`
}
