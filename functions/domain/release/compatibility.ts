import { cut } from '../../../events/cut.ts'
import type { Manifest } from './manifest.ts'
import type { SignedManifest } from './release.ts'

/** What a release asks of where it runs: by what it is about, any one of these. */
export type Compatibility = Readonly<Record<string, readonly string[]>>

/** What is where a target runs, as it, or an operator, has said. */
export type Environment = Readonly<Record<string, string>>

const asksNothing: Compatibility = {}

/** Returns what a release asks of where it runs; one that nobody has signed asks for nothing. */
export function compatibilityOf(signed: Pick<SignedManifest, 'manifest'> | null): Compatibility {
  if (!signed) return asksNothing
  // It was checked when it was published, and is signed as it stands.
  const { compatibility = asksNothing } = JSON.parse(signed.manifest) as { compatibility?: Compatibility }
  return compatibility
}

/** Returns the parts of a release that do not say where their artifact lies: an agent without a mirror cannot install them. */
export function partsWithoutUrl(signed: Pick<SignedManifest, 'manifest'> | null): readonly string[] {
  if (!signed) return []
  const { components } = JSON.parse(signed.manifest) as Pick<Manifest, 'components'> // checked when it was published
  return Object.entries(components).flatMap(([name, { url }]) => (url === undefined ? [name] : []))
}

/** Words as they are compared: `PostgreSQL 14.2+` is a name, numbers, and whether later ones do as well. What only has digits in it, as arm64, names no version. */
interface Read {
  readonly plain: string
  readonly name: string
  /** Null: it names no version. */
  readonly numbers: readonly number[] | null
  readonly orLater: boolean
}

function read(words: string): Read {
  const parts = words.trim().toLowerCase().split(/\s+/)
  const plain = parts.join(' ')
  const last = parts.pop() ?? ''
  const [, digits] = /^v?(\d+(?:\.\d+)*)(?:\.x)?(?:[-_][a-z0-9.+_-]+)?\+?$/.exec(last) ?? []
  const numbers = digits === undefined ? null : digits.split('.').map(Number)
  return { plain, name: parts.join(' '), numbers, orLater: last.endsWith('+') }
}

/** Compares as many numbers as are asked for; those that are not there are 0. */
function order(here: readonly number[], asked: readonly number[]): number {
  const place = asked.findIndex((number, index) => (here[index] ?? 0) !== number)
  return place < 0 ? 0 : (here[place] ?? 0) - (asked[place] ?? 0)
}

/** `14+` is that or a later one, `10` and `10.x` are any 10; names have to be the same where both have one; words without a version are compared as they are. */
function fits(here: Read, asked: Read): boolean {
  if (!here.numbers || !asked.numbers) return here.plain === asked.plain
  if (here.name && asked.name && here.name !== asked.name) return false
  const difference = order(here.numbers, asked.numbers)
  return asked.orLater ? difference >= 0 : difference === 0
}

const longestWords = 512

/**
 * Returns what a target does not meet of what a release asks for, in words; undefined: it meets all of which is known what is there. What nobody has said
 * is no reason: the agent knows what is there, and refuses what does not fit.
 */
export function misfitOf(
  compatibility: Compatibility,
  environment: Environment | undefined,
): string | undefined {
  for (const [what, asked] of Object.entries(compatibility)) {
    const here = environment && Object.hasOwn(environment, what) ? environment[what] : undefined
    if (here === undefined || asked.some((words) => fits(read(here), read(words)))) continue
    return cut(`${what} is ${here}, and the release asks for ${asked.join(', ')}`, longestWords)
  }
  return undefined
}

/** Does a release ask for anything of which nobody has said what is there? */
export function asksUnsaid(compatibility: Compatibility, environment: Environment | undefined): boolean {
  return Object.keys(compatibility).some((what) => !environment || !Object.hasOwn(environment, what))
}
