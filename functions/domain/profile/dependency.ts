import type { ProfileDefinition } from '../../../events/profile.ts'
import { sameVersion } from '../version/identity.ts'
import { leftTheRestBy } from './canary.ts'
import { dependencyDefaults } from './definition.ts'
import type { ProfileStatus } from './state.ts'
import type { ExecutionStatus } from './statistics.ts'

/** What a profile waits for before a window of it opens. */
export interface Dependency {
  readonly profile: string
  readonly minSuccessRate: number
  readonly minResources: number
}

/** One component at the version that a window would roll out; null: that is not known. */
export interface Rollout {
  readonly component: string
  readonly version: string | null
}

/** What an execution of the other profile came to, and what has become of that since. */
export interface UpstreamExecution {
  readonly upgrade: string
  readonly component: string
  readonly version: string | null
  readonly status: ExecutionStatus
  /** Resources that run it still, and those that do not: what was taken back one by one, or has failed after all, is among these. */
  readonly succeeded: number
  readonly failed: number
  /** The rollback that takes, or took, all of it back; null: there is none. */
  readonly takenBack: string | null
}

/** A profile that another one depends on, as it stands. */
export interface Upstream {
  readonly dependency: Dependency
  /** Null: there never was such a profile. */
  readonly status: ProfileStatus | null
  /** Why it is out of service. */
  readonly outOfService: string | null
  /** What it has not finished; its component is null where that is not known yet. */
  readonly running: { readonly upgrade: string; readonly component: string | null } | null
  /** The last ones that attempted anything, oldest first. */
  readonly executions: readonly UpstreamExecution[]
}

/**
 * Returns what a profile depends on. What leaves canary resources out and names nothing waits for the profiles that leave the rest to it, and
 * for those whose canaries it passes over: nobody means by "the rest" what follows canaries that have failed (design: #dependencies).
 */
export function dependenciesOf(
  profile: string,
  definition: Pick<ProfileDefinition, 'resource_filters' | 'upgrade_settings' | 'depends_on'>,
  others: readonly { readonly id: string; readonly definition: ProfileDefinition }[],
  passedOver: ReadonlySet<string>,
): Dependency[] {
  const { depends_on: named } = definition
  const one = (id: string, { min_success_rate, min_resources } = dependencyDefaults()): Dependency => ({
    profile: id,
    minSuccessRate: min_success_rate,
    minResources: min_resources,
  })
  if (named) return [one(named.profile_id, named)]
  if (!definition.resource_filters.exclude_canary_resources) return []
  const left = leftTheRestBy(profile, definition, others)
  return [...new Set([...left, ...passedOver])].sort().map((id) => one(id))
}

/** Returns what keeps a profile from rolling something out, and what would meet it; undefined: nothing does. */
export function unmetBy(upstreams: readonly Upstream[], rollouts: readonly Rollout[]): string | undefined {
  for (const upstream of upstreams) {
    for (const rollout of rollouts) {
      const unmet = unmetWith(upstream, rollout)
      if (unmet !== undefined) return unmet
    }
  }
  return undefined
}

function unmetWith(
  { dependency, status, outOfService, running, executions }: Upstream,
  { component, version }: Rollout,
): string | undefined {
  const { profile, minSuccessRate, minResources } = dependency
  const other = `Profile ${profile}`
  if (status === null || status === 'deleted')
    return `${other} is gone: name another one in depends_on, or none.`
  if (status !== 'active')
    return `${other} is out of service (${status}${outOfService === null ? '' : `: ${outOfService.slice(0, 120)}`}): set its status to active.`
  if (running && (running.component === null || running.component === component))
    return `${other} has not finished upgrade ${running.upgrade} of ${component}: its end is waited for.`
  if (version === null) return `It is not known which version of ${component} would be rolled out.`
  const release = `${component} ${version}`
  const ofRelease = executions.filter(
    (one) => one.component === component && one.version !== null && sameVersion(one.version, version),
  )
  const last = ofRelease.at(-1)
  if (!last)
    return `${other} has no execution of ${release}, and others say nothing about it: its next window, or POST /api/v1/upgrade-profiles/${profile}/executions, rolls it out there first.`
  if (last.takenBack !== null)
    return `${other} rolled out ${release} by upgrade ${last.upgrade}, which was taken back by ${last.takenBack}: it has to roll it out again, or another release.`
  if (last.status !== 'completed')
    return `${other} rolled out ${release} by upgrade ${last.upgrade}, which ended as ${last.status}: it has to roll it out again, or another release.`
  const attempted = last.succeeded + last.failed
  if (last.succeeded * 100 < minSuccessRate * attempted)
    return `${other} has a success rate of ${Math.floor((last.succeeded * 1000) / attempted) / 10} % with ${release} (upgrade ${last.upgrade}); ${minSuccessRate} % is needed (min_success_rate).`
  const standing = ofRelease.filter((one) => one.status === 'completed' && one.takenBack === null)
  const succeeded = standing.reduce((sum, one) => sum + one.succeeded, 0)
  if (succeeded < minResources)
    return `${other} has ${succeeded} resources that run ${release}; ${minResources} are needed (min_resources of depends_on, 1 where one is enough).`
  return undefined
}
