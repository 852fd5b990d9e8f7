import type { versionSchemes } from '../../../events/words.ts'
import { compareDotted, parseDotted } from './dotted.ts'
import { compareVersions, isPrerelease, parseVersion } from './semver.ts'

/** How the versions of a component are written, and what their order is. */
export type VersionScheme = (typeof versionSchemes)[number]

/** The scheme of a component of which nobody said another. */
export const defaultScheme: VersionScheme = 'semver'

/** A version, and the number of its release among those of its component; null: it is not registered. */
export interface NumberedVersion {
  readonly version: string
  readonly number: number | null
}

/** Is this a word that means another release from time to time, and not a version? */
export function isMoving(text: string): text is 'latest' | 'stable' {
  return text === 'latest' || text === 'stable'
}

/** What a version of each scheme looks like, in words for who wrote another. */
export const schemeWords: Readonly<Record<VersionScheme, string>> = {
  semver: 'MAJOR.MINOR.PATCH, optionally with a channel, such as 2.4.1 or 2.5.0-beta.3',
  dotted: 'numbers with dots between, such as 10.0.19045.4291 or 24.04',
  ordered: 'any name but latest and stable',
}

/** Is a text a version of this scheme? */
export function isVersionIn(scheme: VersionScheme, text: string): boolean {
  switch (scheme) {
    case 'semver':
      return parseVersion(text) !== undefined
    case 'dotted':
      return parseDotted(text) !== undefined
    case 'ordered':
      return text.length > 0 && text.length <= 128 && !isMoving(text)
  }
}

/**
 * Returns a negative number, 0 or a positive number as `left` is older than, as old as or newer than `right` in this scheme, build
 * metadata left out; undefined when the scheme cannot place one of them. What is opaque is as old as its registration.
 */
export function compareIn(
  scheme: VersionScheme,
  left: NumberedVersion,
  right: NumberedVersion,
): number | undefined {
  switch (scheme) {
    case 'semver':
      return compared(compareVersions, parseVersion(left.version), parseVersion(right.version))
    case 'dotted':
      return compared(compareDotted, parseDotted(left.version), parseDotted(right.version))
    case 'ordered':
      return left.number === null || right.number === null ? undefined : left.number - right.number
  }
}

function compared<Parsed>(
  compare: (left: Parsed, right: Parsed) => number,
  left: Parsed | undefined,
  right: Parsed | undefined,
): number | undefined {
  return left === undefined || right === undefined ? undefined : compare(left, right)
}

/** Does a version say of itself that it precedes the one it is named after? Only MAJOR.MINOR.PATCH knows channels. */
export function isPrereleaseIn(scheme: VersionScheme, text: string): boolean {
  const version = scheme === 'semver' ? parseVersion(text) : undefined
  return version !== undefined && isPrerelease(version)
}
