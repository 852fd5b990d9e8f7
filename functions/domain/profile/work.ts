import type { ProfileDefinition } from '../../../events/profile.ts'
import { sameVersion } from '../version/identity.ts'

/** Returns the components that a profile upgrades, in the order in which they are upgraded: that of its resource types, then those of its members. */
export function componentsOf(
  {
    upgrade_settings: settings,
    resource_filters: filters,
  }: Pick<ProfileDefinition, 'upgrade_settings' | 'resource_filters'>,
  ofMembers: Iterable<string>,
): string[] {
  const own = settings.component === null ? filters.resource_types : [settings.component]
  // A member by name may be of a type that the filters do not name: its component comes last.
  return [...new Set([...own, ...[...ofMembers].sort()])]
}

/** How many members run which version of a component; those that do not run it are at null. */
export type Runs = ReadonlyMap<string | null, number>

/**
 * Returns how many members run another version of a component than the one that is wanted, and none of those that are newer than it; all that
 * run any, when none is known.
 */
export function waitingFor(
  { version, newer }: { readonly version: string | undefined; readonly newer: ReadonlySet<string> },
  runs: Runs,
): number {
  let waiting = 0
  for (const [from, count] of runs) {
    const isThere = from !== null && version !== undefined && (sameVersion(from, version) || newer.has(from))
    if (from !== null && !isThere) waiting += count
  }
  return waiting
}
