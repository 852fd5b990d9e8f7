import { profileAggregate } from '../domain/profile/aggregate.ts'
import { exists, type ProfileState } from '../domain/profile/state.ts'
import type { Log } from '../log/log.ts'

/** Why a profile cannot depend on another; undefined: it can. */
export type DependencyFault =
  | { readonly kind: 'missing' }
  | { readonly kind: 'cycle'; readonly path: readonly string[] }

/**
 * Returns why a profile must not depend on another: that is not there, or waits for this one itself, directly or through others. Two
 * updates at the same moment may still close a circle that neither saw: then none of its profiles opens, and each says so.
 */
export async function dependencyFault(
  log: Log,
  profile: string,
  other: string,
): Promise<DependencyFault | undefined> {
  const path = [profile]
  let next: string | undefined = other
  while (next !== undefined) {
    if (path.includes(next)) return next === profile ? { kind: 'cycle', path: [...path, next] } : undefined
    const state: ProfileState = (await log.load(profileAggregate, next)).state
    // What was deleted further on is waited for by somebody else.
    if (!exists(state)) return next === other ? { kind: 'missing' } : undefined
    path.push(next)
    next = state.definition.depends_on?.profile_id
  }
  return undefined
}
