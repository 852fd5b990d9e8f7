import type { ProfileDefinition } from '../../events/profile.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { leavesTheRest } from '../domain/profile/canary.ts'
import { sameVersion } from '../domain/version.ts'
import type { Log } from '../log/log.ts'
import type { AttemptRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'
import { releaseFor } from './release.ts'
import type { Targetable, TargetingFacts } from './targeting.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** Ends of attempts that never reached their target. */
const untouched: ReadonlySet<AttemptRow['status']> = new Set([
  'skipped',
  'deferred',
  'withdrawn',
  'unreachable',
])

/** Returns every target as targeting sees it, from the view. A view may lag, which costs nothing: assigning asks each stream again. */
export async function everyTarget({ views }: Pick<Services, 'views'>): Promise<Targetable[]> {
  return Array.fromAsync(views.everyTarget())
}

/**
 * Returns what targeting knows beside the targets: the profiles that exist and, where the definition excludes them, the targets that
 * executions of canary profiles (of the one that it depends on, else of any) have taken to the release that it would take them to.
 */
export async function targetingFacts(
  services: Services,
  profile: string,
  definition: Pick<ProfileDefinition, 'resource_filters' | 'upgrade_settings' | 'depends_on'>,
): Promise<TargetingFacts> {
  const rows = await Array.fromAsync(services.views.everyProfile())
  const profiles = new Set(rows.map(({ id }) => id))
  const canaryResources = new Set<string>()
  if (!definition.resource_filters.exclude_canary_resources) return { profiles, canaryResources }
  const before = definition.depends_on?.profile_id
  const canaries = rows.filter(({ id, definition: other }) =>
    before === undefined
      ? id !== profile && other.upgrade_settings.canary_percentage !== null
      : id === before,
  )
  const wanted = new Map<string, string>()
  for (const { id } of canaries) {
    for await (const { upgrade } of services.views.executionsOf(id)) {
      const found = await services.views.getUpgrade(upgrade)
      if (!found) continue
      const { component, version } = found.row
      const asked = definition.upgrade_settings.target_version
      const target = wanted.get(component) ?? (await versionOf(services, component, asked))
      wanted.set(component, target)
      if (!sameVersion(target, version)) continue
      for await (const attempt of services.views.attemptsOf(upgrade)) {
        if (!untouched.has(attempt.status)) canaryResources.add(attempt.target)
      }
    }
  }
  return { profiles, canaryResources }
}

/** Returns whether the upgrade of a profile is for its canaries alone, since another profile takes the rest. */
export async function takesCanariesAlone({ log, views }: Services, profile: string): Promise<boolean> {
  const { definition } = (await log.load(profileAggregate, profile)).state
  return (
    definition !== null && leavesTheRest(profile, definition, await Array.fromAsync(views.everyProfile()))
  )
}

async function versionOf(services: Services, component: string, asked: string): Promise<string> {
  const found = await releaseFor(services, component, asked)
  return 'release' in found ? found.release.version : asked
}
