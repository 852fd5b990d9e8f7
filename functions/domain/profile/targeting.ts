import type { ProfileDefinition } from '../../../events/profile.ts'
import type { ProfileOverride, TargetFacts } from '../../../events/target.ts'
import { defaultPriority } from '../../../events/words.ts'
import type { TargetState } from '../target/state.ts'

/** What decides whether a profile upgrades a target. */
export type Targetable = Pick<TargetState, 'components' | 'retired' | 'memberships'> & {
  readonly id: string
  readonly facts: TargetFacts
}

/** A target that a profile upgrades. */
export interface ProfileTarget {
  readonly target: string
  /** What is upgraded on it, and the version that it runs; null when it does not run the component. */
  readonly component: string
  readonly from: string | null
  /** From 1, which comes first, to 10; who came by the filters has the priority that a membership has by default. */
  readonly priority: number
  /** By name, not by the filters. */
  readonly named: boolean
  readonly override: ProfileOverride
}

/** Why a target that the filters match, or that is a member by name, is not upgraded. */
export type ExclusionReason = 'retired' | 'member_elsewhere' | 'critical' | 'canary_resource'

/** Who is upgraded by a profile, who is not, and why. Targets that it has nothing to do with are in neither list. */
export interface Targeting {
  readonly members: readonly ProfileTarget[]
  readonly leftOut: readonly { readonly target: string; readonly reason: ExclusionReason }[]
}

/** What is known beside the targets. */
export interface TargetingFacts {
  /** The profiles that exist: a membership in one that was deleted holds nobody. */
  readonly profiles: ReadonlySet<string>
  /** What canary executions of the same release have taken already; read only where the definition excludes it. */
  readonly canaryResources: Pick<ReadonlySet<string>, 'has'>
}

const ownWay: ProfileOverride = { maintenance_window_hours: null, rollback_on_failure: null }

/** Do the filters mean this target? Its type, each of the tags, and any of the regions, where they are named. */
function matches(
  { resource_types, tags, regions }: ProfileDefinition['resource_filters'],
  facts: Targetable['facts'],
): boolean {
  if (!resource_types.includes(facts.type)) return false
  if (regions.length > 0 && !(facts.region !== null && regions.includes(facts.region))) return false
  return tags.every(({ key, value }) => Object.hasOwn(facts.tags, key) && facts.tags[key] === value)
}

function excluded(
  profile: string,
  filters: ProfileDefinition['resource_filters'],
  target: Targetable,
  { profiles, canaryResources }: TargetingFacts,
): ExclusionReason | undefined {
  const { memberships, retired, facts } = target
  if (retired) return 'retired'
  const elsewhere = Object.keys(memberships).some((other) => other !== profile && profiles.has(other))
  if (!Object.hasOwn(memberships, profile) && elsewhere) return 'member_elsewhere'
  // The exclusions hold for named members too: they protect, where filters only choose.
  if (filters.exclude_critical && facts.critical) return 'critical'
  if (filters.exclude_canary_resources && canaryResources.has(target.id)) return 'canary_resource'
  return undefined
}

/** Returns whether a profile upgrades a target, or why it leaves it out; undefined: it has nothing to do with it. */
export function standingIn(
  profile: string,
  { resource_filters: filters }: Pick<ProfileDefinition, 'resource_filters'>,
  target: Targetable,
  facts: TargetingFacts,
): 'member' | ExclusionReason | undefined {
  if (!Object.hasOwn(target.memberships, profile) && !matches(filters, target.facts)) return undefined
  return excluded(profile, filters, target, facts) ?? 'member'
}

/** Returns the component that a profile upgrades on a target, and the version that it runs; null when it does not run it. */
export function runsOn(
  { upgrade_settings: settings }: Pick<ProfileDefinition, 'upgrade_settings'>,
  { facts, components }: Pick<Targetable, 'facts' | 'components'>,
): { readonly component: string; readonly from: string | null } {
  const component = settings.component ?? facts.type
  return { component, from: components[component] ?? null }
}

/** Is the upgrade of a component by a profile for a target that it takes? Where it has a rollout, that says by itself what each upgrade is about. */
export function isFor(
  { rollout, upgrade_settings }: Pick<ProfileDefinition, 'rollout' | 'upgrade_settings'>,
  component: string,
  target: Pick<Targetable, 'facts' | 'components'>,
): boolean {
  return rollout
    ? Object.hasOwn(target.components, component)
    : runsOn({ upgrade_settings }, target).component === component
}

/**
 * Decides who a profile upgrades (P9): who was made its member by name, and whom its filters mean and nobody has made a member of
 * another. Members come by priority, 1 first, then by id. Pure, and independent of the order of the targets.
 */
export function targetsOf(
  profile: string,
  definition: Pick<ProfileDefinition, 'resource_filters' | 'upgrade_settings'>,
  targets: Iterable<Targetable>,
  facts: TargetingFacts,
): Targeting {
  const members: ProfileTarget[] = []
  const leftOut: { target: string; reason: ExclusionReason }[] = []
  for (const target of targets) {
    const standing = standingIn(profile, definition, target, facts)
    if (standing === undefined) continue
    if (standing !== 'member') {
      leftOut.push({ target: target.id, reason: standing })
      continue
    }
    const membership = Object.hasOwn(target.memberships, profile) ? target.memberships[profile] : undefined
    members.push({
      target: target.id,
      ...runsOn(definition, target),
      priority: membership?.priority ?? defaultPriority,
      named: membership !== undefined,
      override: membership?.override ?? ownWay,
    })
  }
  const byId = (left: { target: string }, right: { target: string }) => (left.target < right.target ? -1 : 1)
  return {
    members: members.sort((left, right) => left.priority - right.priority || byId(left, right)),
    leftOut: leftOut.sort(byId),
  }
}
