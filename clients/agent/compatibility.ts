/** Words without space that does not count, in lower case. */
const plain = (words: string): string => words.trim().replace(/\s+/g, ' ').toLowerCase()

/** The last word where it is a version, as v1.27.3, 10.x, 14+ or 15.4-alpine: what only has digits in it, as arm64, is none. */
const version = /(?:^| )v?([0-9]+(?:\.[0-9]+)*)(?:\.x)?(?:[-_][a-z0-9.+_-]+)?\+?$/

/** Numbers of the version that words end with: `PostgreSQL 15.4` is [15, 4]; undefined: there is none. */
function versionIn(words: string): readonly number[] | undefined {
  return version.exec(words)?.[1]?.split('.').map(Number)
}

/** The name before the version, as `PostgreSQL`; empty where there is none. */
const nameIn = (words: string): string => words.replace(/ ?[^ ]+$/, '')

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of right.entries()) {
    const difference = (left[index] ?? 0) - number
    if (difference !== 0) return difference
  }
  return 0
}

/** Does what is here fit one of the words of a manifest: `14+` that or later, `10.x` and `10` any 10, `9.4` any 9.4? A name has to be the same where both have one. */
function fits(here: string, words: string): boolean {
  const [is, wants] = [plain(here), plain(words)]
  const [present, asked] = [versionIn(is), versionIn(wants)]
  if (!present || !asked) return is === wants
  const [name, wanted] = [nameIn(is), nameIn(wants)]
  if (name !== '' && wanted !== '' && name !== wanted) return false
  const difference = compare(present, asked)
  return wants.endsWith('+') ? difference >= 0 : difference === 0
}

/** Returns why a release does not fit what is here, in words; undefined: it does. What nobody has said of this place does not fit. */
export function whyIncompatible(
  compatibility: Readonly<Record<string, readonly string[]>>,
  environment: Readonly<Record<string, string>>,
): string | undefined {
  for (const [what, fitting] of Object.entries(compatibility)) {
    const here = Object.hasOwn(environment, what) ? environment[what] : undefined
    if (here === undefined)
      return `It asks for ${what} (${fitting.join(', ')}), and environment.${what} is not said here.`
    if (!fitting.some((words) => fits(here, words)))
      return `${what} is ${here} here, and it asks for ${fitting.join(', ')}.`
  }
  return undefined
}
