/** Numbers of the last version in some words: `PostgreSQL 15.4` is [15, 4]; undefined: there is none. */
function versionIn(words: string): readonly number[] | undefined {
  const [found] = /[0-9]+(?:\.[0-9]+)*/.exec(words.replace(/^.*\s/, '')) ?? []
  return found?.split('.').map(Number)
}

/** The name before the version, as `PostgreSQL`; empty where there is none. */
const nameIn = (words: string): string =>
  words
    .replace(/\s*\S+$/, '')
    .trim()
    .toLowerCase()

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of right.entries()) {
    const difference = (left[index] ?? 0) - number
    if (difference !== 0) return difference
  }
  return 0
}

/** Does what is here fit one of the words of a manifest: `14+` that or later, `10.x` and `10` any 10, `9.4` any 9.4? A name has to be the same where both have one. */
function fits(here: string, words: string): boolean {
  const [version, asked] = [versionIn(here), versionIn(words)]
  if (!version || !asked) return here.trim().toLowerCase() === words.trim().toLowerCase()
  const [name, wanted] = [nameIn(here), nameIn(words)]
  if (name !== '' && wanted !== '' && name !== wanted) return false
  const difference = compare(version, asked)
  return words.trim().endsWith('+') ? difference >= 0 : difference === 0
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
