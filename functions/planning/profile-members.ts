import type { ProfileDefinition } from '../../events/profile.ts'
import type { Candidate } from '../domain/plan/plan.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { sameVersion } from '../domain/version.ts'
import type { Log } from '../log/log.ts'
import type { TargetRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'
import { targetingFacts } from './profile-targets.ts'
import { releaseFor } from './release.ts'
import { targetsOf } from './targeting.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** Returns a target as the planner sees it, from its row. */
function candidateOf(row: TargetRow, component: string): Candidate {
  const { type, region, tags, critical, gateway } = row.facts
  return {
    ...{ target: row.id, type, region, tags, critical, gateway },
    from: row.components[component] ?? null,
    active: null,
    pinned: row.pin !== null && (row.pin.component === null || row.pin.component === component),
    retired: row.retired !== null,
  }
}

/** Yields whom a profile takes into the upgrade of one component, and whom it leaves out with the reason. */
export async function* candidatesOfProfile(
  services: Services,
  profile: string,
  component: string,
): AsyncGenerator<Candidate> {
  const { definition } = (await services.log.load(profileAggregate, profile)).state
  if (!definition) return
  const rows = await Array.fromAsync(services.views.everyTarget())
  const facts = await targetingFacts(services, profile, definition)
  const { members, leftOut } = targetsOf(profile, definition, rows, facts)
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const member of members) {
    const row = byId.get(member.target)
    const { maintenance_window_hours: hours } = member.override
    if (row && member.component === component)
      yield { ...candidateOf(row, component), ...(hours !== null && { hours }) }
  }
  for (const { target, reason } of leftOut) {
    const row = byId.get(target)
    if (!row || (definition.upgrade_settings.component ?? row.facts.type) !== component) continue
    yield { ...candidateOf(row, component), ...(reason !== 'retired' && { excluded: reason }) }
  }
}

/** What there is to do for a profile: how many targets of each component, in the order in which they are upgraded. */
export interface ProfileWork {
  readonly component: string
  /** Targets that run another version than the profile wants. Where that version is not registered, all that run any. */
  readonly matching: number
}

/** Returns the components that a profile upgrades, in the order of its resource types, with how much there is to do. */
export async function workOf(
  services: Services,
  profile: string,
  definition: ProfileDefinition,
): Promise<ProfileWork[]> {
  const rows = await Array.fromAsync(services.views.everyTarget())
  const facts = await targetingFacts(services, profile, definition)
  const { members } = targetsOf(profile, definition, rows, facts)
  const { component: own, target_version: asked } = definition.upgrade_settings
  // A member by name may be of a type that the filters do not name: its component comes last.
  const components = new Set([
    ...(own === null ? definition.resource_filters.resource_types : [own]),
    ...members.map(({ component }) => component).sort(),
  ])
  const work: ProfileWork[] = []
  for (const component of components) {
    const found = await releaseFor(services, component, asked)
    const version = 'release' in found ? found.release.version : undefined
    const waiting = members.filter(
      (member) =>
        member.component === component &&
        member.from !== null &&
        !(version !== undefined && sameVersion(member.from, version)),
    )
    work.push({ component, matching: waiting.length })
  }
  return work
}
