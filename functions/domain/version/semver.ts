import { compareDigits } from './digits.ts'

/** A version as MAJOR.MINOR.PATCH(-CHANNEL(.IDENTIFIER)*) (M1). Numbers stay text: they are compared exactly at any length. */
export interface Version {
  readonly core: readonly [string, string, string]
  /** What follows the dash, split at its dots, in lower case: `beta`, `3`. Empty for a bare version. */
  readonly suffix: readonly string[]
}

const number = '0|[1-9]\\d*'
const identifier = '[0-9A-Za-z-]+'
const pattern = new RegExp(
  `^[vV]?(${number})\\.(${number})\\.(${number})(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+${identifier}(?:\\.${identifier})*)?$`,
)

/** How the channels of one core rank. A channel that is not named here ranks above nightly, among its like by its name. */
const ranks: ReadonlyMap<string, number> = new Map([
  ['nightly', 0],
  ['alpha', 2],
  ['beta', 3],
  ['early-access', 4],
  ['rc', 5],
  ['stable', 7],
  ['security', 8],
  ['hotfix', 9],
])
const rankOfOthers = 1
const rankOfBare = 6

function rankOf({ suffix }: Version): number {
  const [channel] = suffix
  return channel === undefined ? rankOfBare : (ranks.get(channel) ?? rankOfOthers)
}

/** Returns the version that a text says, or undefined when it says none. A leading v and build metadata (`+…`) are left out: the order does not know them. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length <= 128 ? pattern.exec(text) : null
  const [, major, minor, patch, suffix] = match ?? []
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return { core: [major, minor, patch], suffix: suffix?.toLowerCase().split('.') ?? [] }
}

const numeric = /^\d+$/

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function compareNumbers(left: string, right: string): number {
  // Leading zeros decide last, so that two different texts are never equal.
  return compareDigits(left, right) || left.length - right.length
}

/** Numbers rank below words, as in semantic versioning. */
function compareIdentifiers(left: string, right: string): number {
  const [leftIsNumber, rightIsNumber] = [numeric.test(left), numeric.test(right)]
  if (leftIsNumber && rightIsNumber) return compareNumbers(left, right)
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1
  return compareText(left, right)
}

/**
 * Returns a negative number, 0 or a positive number as `left` is older than, the same as or newer than `right`: by number, then
 * nightly < other channels < alpha < beta < early-access < rc < bare < stable < security < hotfix, then by what follows.
 */
export function compareVersions(left: Version, right: Version): number {
  for (const place of [0, 1, 2] as const) {
    const order = compareNumbers(left.core[place], right.core[place])
    if (order !== 0) return order
  }
  const byRank = rankOf(left) - rankOf(right)
  if (byRank !== 0) return byRank
  const length = Math.max(left.suffix.length, right.suffix.length)
  for (let place = 0; place < length; place++) {
    const [a, b] = [left.suffix[place], right.suffix[place]]
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1
    const order = compareIdentifiers(a, b)
    if (order !== 0) return order
  }
  return 0
}

/** Returns whether a version precedes its bare one; stable, security and hotfix do not. */
export function isPrerelease(version: Version): boolean {
  return rankOf(version) < rankOfBare
}
