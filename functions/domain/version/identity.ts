import { parseVersion } from './semver.ts'

/**
 * Returns what makes a version the one that it is, whatever its scheme: its text without a leading v, build metadata included. Of a
 * version MAJOR.MINOR.PATCH letter case does not count (M1).
 */
export function identityOf(text: string): string {
  const bare = text.replace(/^[vV](?=\d)/, '')
  return parseVersion(bare) ? bare.toLowerCase() : bare
}

/** Returns whether two texts name the same version: `v1.2.0` and `1.2.0` do, `1.2.0+k3s1` and `1.2.0+k3s2` do not. */
export function sameVersion(left: string, right: string): boolean {
  return left === right || identityOf(left) === identityOf(right)
}
