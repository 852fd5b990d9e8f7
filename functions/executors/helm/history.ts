import * as z from 'zod'

/** One revision of a release, as helm tells of it. */
export interface ReleaseRevision {
  readonly revision: number
  readonly status: string
  /** When it was begun, in milliseconds since the epoch. */
  readonly at: number
  readonly description: string
}

/** The revisions of a release, the last one last; none: there is no such release. */
export type ReleaseHistory = readonly ReleaseRevision[]

/** Made when it is needed: only bundles that need it hold it. */
const revisions = () =>
  z.array(
    z.looseObject({
      revision: z.int().positive(),
      status: z.string(),
      updated: z.string().default(''),
      description: z.string().default(''),
    }),
  )

/** Reads what `helm history --output json` says. Undefined: it is something else. */
export function readHistory(output: string): ReleaseHistory | undefined {
  let told: unknown
  try {
    told = JSON.parse(output)
  } catch {
    return undefined
  }
  const read = revisions().safeParse(told)
  if (!read.success) return undefined
  return read.data
    .map(({ revision, status, updated, description }) => ({
      ...{ revision, status, description },
      at: Date.parse(updated) || 0,
    }))
    .sort((one, other) => one.revision - other.revision)
}

/** A revision that was begun and of which nobody has said how it ended. */
export function isPending({ status }: ReleaseRevision): boolean {
  return status.startsWith('pending-')
}

/**
 * How helm tells of a revision that never came to be. Its status may say `superseded` all the same: a rollback that cannot be applied says so of the
 * revision before it, whatever that had come to.
 */
const neverWas = /^(?:(?:Upgrade|Rollback|Release) ".*" failed|Preparing upgrade|Initial install underway)/

/** Was it in force once, or is it now? */
function wasInForce({ status, description }: ReleaseRevision): boolean {
  return status === 'deployed' || (status === 'superseded' && !neverWas.test(description))
}

/** Returns the revision that is in force; undefined: none is. */
export function inForce(history: ReleaseHistory): ReleaseRevision | undefined {
  return history.findLast(({ status }) => status === 'deployed')
}

/** With this revision a release was removed; an install that came after it says so in the words of helm. */
function isRemoval({ status, description }: ReleaseRevision): boolean {
  return status === 'uninstalled' || description === 'superseded by new release'
}

/** Returns the revision with which a release began that was not there before; undefined: there is none. */
export function beginningOf(history: ReleaseHistory): ReleaseRevision | undefined {
  return history.slice(history.findLastIndex(isRemoval) + 1)[0]
}

/** Returns the last revision before another that was in force; undefined: there was no such release then. */
export function lastBefore(history: ReleaseHistory, revision: number): ReleaseRevision | undefined {
  const before = history.findLast((one) => one.revision < revision && (wasInForce(one) || isRemoval(one)))
  return before && !isRemoval(before) ? before : undefined
}

/** Returns the revision whose content another has: a rollback makes a new one of an old one's. */
export function originOf(history: ReleaseHistory, { revision, description }: ReleaseRevision): number {
  const [, to] = /^Rollback to (\d+)$/.exec(description) ?? []
  const number = Number(to)
  // It leads downwards only, whatever somebody has written there.
  if (to === undefined || number >= revision) return revision
  const found = history.find((one) => one.revision === number)
  return found ? originOf(history, found) : number
}

/** Returns the newest revision that has the content of another and was in force, since old ones are forgotten. */
export function standsFor(history: ReleaseHistory, revision: number): ReleaseRevision | undefined {
  return history.findLast((one) => wasInForce(one) && originOf(history, one) === revision)
}
