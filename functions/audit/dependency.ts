import type { ProfileDefinition, ProfileEvent, UpgradeSummary } from '../../events/profile.ts'
import { after, minute, second } from '../../events/time.ts'
import type { Course } from './course.ts'
import type { History, Told } from './history.ts'
import { sameVersion } from './version.ts'

type Commit = Told<ProfileEvent>

/** What is decided elsewhere may be heard of so late: the facts of an opening are read a moment before it is decided. */
const factsBefore = 5 * second
/** Views name other profiles so late at most, where nothing is amiss. */
const viewsBefore = 10 * minute

/** What a profile waited for, as its own definition said. */
interface Waits {
  readonly profile: string
  readonly rate: number
  readonly resources: number
}

/** One component at the version that was rolled out. */
interface Release {
  readonly component: string
  readonly version: string
}

/** Returns what a profile said by an instant; null: it was not there. */
function definitionAt(commits: readonly Commit[], at: string): ProfileDefinition | null {
  let definition: ProfileDefinition | null = null
  for (const commit of commits) {
    if (commit.at > at) break
    for (const event of commit.told) {
      if (event.type === 'ProfileCreated') definition = event.data.definition
      if (event.type === 'ProfileUpdated' && definition) definition = { ...definition, ...event.data.parts }
      if (event.type === 'ProfileDeleted') definition = null
    }
  }
  return definition
}

/** Do two profiles want the same release for the same resources? */
function takeTheSame(one: ProfileDefinition, other: ProfileDefinition): boolean {
  const wants = ({ resource_filters: filters, upgrade_settings: settings }: ProfileDefinition) =>
    JSON.stringify([
      [...filters.resource_types].sort(),
      filters.tags.map(({ key, value }) => `${key}=${value}`).sort(),
      [...filters.regions].sort(),
      settings.target_version,
      settings.component,
    ])
  return wants(one) === wants(other)
}

/** Is one a profile of canaries that leaves the rest to the other, whose definition names no profile? */
function leavesRest(canary: ProfileDefinition | null, id: string, rest: ProfileDefinition): boolean {
  if (!canary || canary.upgrade_settings.canary_percentage === null) return false
  if (canary.resource_filters.exclude_canary_resources || canary.depends_on?.profile_id === id) return false
  return takeTheSame(canary, rest)
}

/** Returns what a profile waited for at an instant: what it named, else those that had left the rest to it for some time. */
function waitsFor({ profiles }: History, id: string, definition: ProfileDefinition, at: string): Waits[] {
  const { depends_on: named, resource_filters: filters } = definition
  if (named)
    return [{ profile: named.profile_id, rate: named.min_success_rate, resources: named.min_resources }]
  if (!filters.exclude_canary_resources) return []
  return [...profiles].flatMap(([other, commits]) => {
    const known = [after(at, -viewsBefore), at].every((instant) =>
      leavesRest(definitionAt(commits, instant), id, definition),
    )
    return other !== id && known ? [{ profile: other, rate: 95, resources: 2 }] : []
  })
}

/** When somebody asked for all of an upgrade to be taken back, and that did not come to nothing; undefined: nobody did by then. */
function takenBackBy({ upgrades }: History, upgrade: string, at: string): string | undefined {
  for (const commit of upgrades.get(upgrade) ?? []) {
    if (commit.at > at) break
    for (const event of commit.told) {
      if (event.type !== 'ChildRequested' || event.data.kind !== 'rollback' || event.data.target !== null)
        continue
      const ends = (upgrades.get(event.data.child) ?? []).flatMap(({ told }) => told.map(({ type }) => type))
      const nothing = ends.some((type) =>
        ['PlanningFailed', 'UpgradeRejected', 'UpgradeExpired'].includes(type),
      )
      if (!nothing) return event.data.child
    }
  }
  return undefined
}

/** Returns why a profile was not to be relied upon for a release at an instant, by its own stream; undefined: it was. */
function fault(
  history: History,
  { profile, rate, resources }: Waits,
  { component, version }: Release,
  at: string,
): string | undefined {
  let status = 'not there'
  const running = new Set<string>()
  const summaries: UpgradeSummary[] = []
  for (const commit of history.profiles.get(profile) ?? []) {
    if (commit.at > at) break
    for (const { type, data } of commit.told) {
      if (type === 'ProfileCreated' || type === 'ProfileActivated') status = 'active'
      if (type === 'ProfileDeactivated') status = 'out of service'
      if (type === 'ProfileDeleted') status = 'deleted'
      if (type === 'ExecutionStarted') running.add(data.upgrade)
      if (type === 'UpgradeSummarised') {
        running.delete(data.upgrade)
        summaries.push(data)
      }
    }
  }
  if (status !== 'active') return `${profile} was ${status}`
  for (const upgrade of running) {
    const [first] = history.upgrades.get(upgrade) ?? []
    const requested = first?.told.find((event) => event.type === 'UpgradeRequested')
    const about = requested?.type === 'UpgradeRequested' ? requested.data.request.component : component
    if (about === component) return `${profile} had not finished ${upgrade}`
  }
  const asked = summaries.filter(
    (one) =>
      one.component === component &&
      one.version !== null &&
      sameVersion(one.version, version) &&
      one.counts.succeeded + one.counts.failed + one.counts.unreachable > 0,
  )
  const last = asked.at(-1)
  if (!last) return `${profile} had no execution of ${component} ${version}`
  if (last.status !== 'completed' && last.status !== 'completed_with_exceptions')
    return `${profile} had ${last.status} ${component} ${version}`
  const back = takenBackBy(history, last.upgrade, at)
  if (back !== undefined) return `${profile} had ${component} ${version} taken back by ${back}`
  const { succeeded, failed, unreachable } = last.counts
  if (succeeded * 100 < rate * (succeeded + failed + unreachable))
    return `${profile} had ${succeeded} of ${succeeded + failed + unreachable} well, and ${rate} % were needed`
  const well = asked.reduce((sum, { counts }) => sum + counts.succeeded, 0)
  return well < resources ? `${profile} had ${well} well, and ${resources} were needed` : undefined
}

/**
 * Returns why a profile was not to start an upgrade in its window, by what it depended on (W4); undefined: it was, or it depended on nothing.
 * What became of single resources of the other profile is not asked here.
 */
export function dependencyFault(
  history: History,
  courses: ReadonlyMap<string, Course>,
  id: string,
  commit: Commit,
  upgrade: string,
): string | undefined {
  const { plan = null, request = null, endedAt = null, began = [] } = courses.get(upgrade) ?? {}
  // What was planned ahead and aborted before its window is only summed up in it: nothing is rolled out.
  if (endedAt !== null && endedAt <= commit.at && began.length === 0) return undefined
  const definition = definitionAt(history.profiles.get(id) ?? [], commit.at)
  if (!plan || !request || !definition) return undefined
  const release = { component: request.component, version: plan.version }
  for (const waits of waitsFor(history, id, definition, commit.at)) {
    // Whether it was read before or after what happened a moment ago.
    const now = fault(history, waits, release, commit.at)
    const before = fault(history, waits, release, after(commit.at, -factsBefore))
    if (now !== undefined && before !== undefined) return now
  }
  return undefined
}
