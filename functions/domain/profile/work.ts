import type { ProfileDefinition } from '../../../events/profile.ts'
import { sameVersion } from '../version/identity.ts'
import type { ProfileTarget } from './targeting.ts'

/** Returns the components that a profile upgrades, in the order in which they are upgraded: that of its resource types. */
export function componentsOf(
  {
    upgrade_settings: settings,
    resource_filters: filters,
  }: Pick<ProfileDefinition, 'upgrade_settings' | 'resource_filters'>,
  members: readonly ProfileTarget[],
): string[] {
  const own = settings.component === null ? filters.resource_types : [settings.component]
  // A member by name may be of a type that the filters do not name: its component comes last.
  return [...new Set([...own, ...members.map(({ component }) => component).sort()])]
}

/**
 * Returns how many members run another version of a component than the one that is wanted, and none of those that are newer than it; all that
 * run any, when none is known.
 */
export function waitingFor(
  component: string,
  { version, newer }: { readonly version: string | undefined; readonly newer: ReadonlySet<string> },
  members: readonly ProfileTarget[],
): number {
  const waits = (from: string | null) =>
    from !== null && !(version !== undefined && (sameVersion(from, version) || newer.has(from)))
  return members.filter((member) => member.component === component && waits(member.from)).length
}
