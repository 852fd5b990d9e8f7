import { canonicalJson } from '../../../events/canonical.ts'
import type { ProfileDefinition } from '../../../events/profile.ts'

type Targeting = Pick<ProfileDefinition, 'resource_filters' | 'upgrade_settings' | 'depends_on'>

/** What decides about the resources of a profile and their release, the exclusions aside. */
function takes({ resource_filters, upgrade_settings }: Targeting): string {
  const { resource_types, tags, regions } = resource_filters
  const { target_version, component } = upgrade_settings
  const sorted = tags.map(({ key, value }) => `${key}=${value}`).sort()
  return canonicalJson([[...resource_types].sort(), sorted, [...regions].sort(), target_version, component])
}

/**
 * Returns the profiles that leave their rest to one that leaves canary resources out and depends on none by name: each takes its canaries alone
 * for it. One that waits for it, or that leaves canary resources out itself, does not, since both would wait for ever.
 */
export function leftTheRestBy(
  profile: string,
  definition: Targeting,
  others: Iterable<{ readonly id: string; readonly definition: Targeting }>,
): string[] {
  const found: string[] = []
  for (const { id, definition: other } of others) {
    const waits = other.depends_on?.profile_id === profile || other.resource_filters.exclude_canary_resources
    if (id === profile || waits) continue
    if (leavesTheRest(id, other, [{ id: profile, definition }])) found.push(id)
  }
  return found
}

/**
 * Returns whether a profile with canaries leaves the rest to another one (P10): to one that leaves canary resources out and depends on
 * it, or that depends on nothing and wants the same version for the same resources, as the two profiles of the seed do.
 */
export function leavesTheRest(
  profile: string,
  definition: Targeting,
  others: Iterable<{ readonly id: string; readonly definition: Targeting }>,
): boolean {
  if (definition.upgrade_settings.canary_percentage === null) return false
  for (const { id, definition: other } of others) {
    if (id === profile || !other.resource_filters.exclude_canary_resources) continue
    const follows = other.depends_on
      ? other.depends_on.profile_id === profile
      : takes(other) === takes(definition)
    if (follows) return true
  }
  return false
}
