import type { ProfileDefinition } from '../../events/profile.ts'
import { selects } from '../domain/plan/candidate.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { leavesTheRest } from '../domain/profile/canary.ts'
import { definitionOfPhase, selectionOfPhase } from '../domain/profile/rollout.ts'
import {
  isFor,
  runsOn,
  standingIn,
  type Targetable,
  type Targeting,
  type TargetingFacts,
  targetsOf,
} from '../domain/profile/targeting.ts'
import { componentsOf, type Runs, waitingFor } from '../domain/profile/work.ts'
import { meaningOf } from '../domain/target/outcome.ts'
import { sameVersion } from '../domain/version/identity.ts'
import { isMoving } from '../domain/version/scheme.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import type { OnTheirOwn } from '../side-by-side.ts'
import type { AttemptRow, ProfileRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'
import { newerThan, releaseFor } from './release.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

const none: ReadonlySet<string> = new Set()

type Chooses = Pick<ProfileDefinition, 'resource_filters' | 'upgrade_settings' | 'depends_on'>

/**
 * Returns who of these targets a profile upgrades, and who not, beside all profiles: those given, or else read from the view. A view may lag, which costs
 * nothing: assigning asks each target's stream again.
 */
export async function targetingOf(
  services: Services,
  profile: string,
  definition: Chooses,
  targets: readonly Targetable[],
  profiles?: readonly ProfileRow[],
): Promise<Targeting> {
  return targetsOf(
    profile,
    definition,
    targets,
    await targetingFacts(services, profile, definition, profiles),
  )
}

/** Counts whom each profile upgrades in one pass over all targets, of which it holds none. A profile of which that cannot be told is left out: `each` has it. */
export async function countMembers(
  services: Services,
  each: OnTheirOwn,
): Promise<ReadonlyMap<string, number>> {
  const profiles = await Array.fromAsync(services.views.everyProfile())
  const counted: (Pick<ProfileRow, 'id' | 'definition'> & { members: number; facts: TargetingFacts })[] = []
  const begin = async ({ id, definition }: ProfileRow) => {
    const facts = await targetingFacts(services, id, definition, profiles)
    counted.push({ id, definition, members: 0, facts })
  }
  await each.each(profiles, atOnce.upgrades, begin, ({ id }) => id)
  for await (const target of services.views.everyTarget()) {
    for (const profile of counted) {
      if (standingIn(profile.id, profile.definition, target, profile.facts) === 'member') profile.members++
    }
  }
  return new Map(counted.map(({ id, members }) => [id, members]))
}

/** What a profile upgrades by one upgrade: all of it, or what one phase of its rollout means. */
interface Part {
  readonly definition: ProfileDefinition
  means(target: Targetable): boolean
}

function partsOf(profile: string, definition: ProfileDefinition): Part[] {
  if (!definition.rollout) return [{ definition, means: () => true }]
  return definition.rollout.phases.map((phase) => {
    const selection = selectionOfPhase(profile, phase)
    return {
      definition: definitionOfPhase(definition, phase),
      means: (target) =>
        isFor(definition, phase.component, target) &&
        selects(selection, { target: target.id, ...target.facts }),
    }
  })
}

/** How many members of a profile run what, by part and component, and the profiles whose canaries it passes over; no target is held for that. */
async function countRuns(
  services: Services,
  profile: string,
  definition: ProfileDefinition,
  parts: readonly Part[],
  targets: Iterable<Targetable> | AsyncIterable<Targetable>,
): Promise<{
  readonly runs: readonly ReadonlyMap<string, Runs>[]
  readonly passedOver: ReadonlySet<string>
}> {
  const facts = await targetingFacts(services, profile, definition)
  const counted = parts.map((part) => ({ ...part, runs: new Map<string, Map<string | null, number>>() }))
  const passedOver = new Set<string>()
  for await (const target of targets) {
    const standing = standingIn(profile, definition, target, facts)
    if (standing === 'canary_resource')
      for (const other of facts.canaryResources.get(target.id) ?? []) passedOver.add(other)
    if (standing !== 'member') continue
    for (const { definition: own, means, runs } of counted) {
      if (!means(target)) continue
      const { component, from } = runsOn(own, target)
      const counts = runs.get(component) ?? new Map<string | null, number>()
      runs.set(component, counts.set(from, (counts.get(from) ?? 0) + 1))
    }
  }
  return { runs: counted.map(({ runs }) => runs), passedOver }
}

/** What there is to do for a profile: how many targets of each component, in the order in which they are upgraded. */
export interface ProfileWork {
  readonly component: string
  /** Targets that run another version than the profile wants, none that is newer than `latest` or `stable`. Where that version is not registered, all that run any. */
  readonly matching: number
  /** In words, why the version that the profile would want is held back; null: it is not. */
  readonly heldBack: string | null
  /** The version that it wants, where that is registered; of what is held back, where it is named. */
  readonly version: string | null
}

/** Returns the components that a profile upgrades, with how much there is to do among these targets, or else among all of the view. */
export async function workOf(
  services: Services,
  profile: string,
  definition: ProfileDefinition,
  targets?: readonly Targetable[],
): Promise<ProfileWork[]> {
  return (await outlookOf(services, profile, definition, targets)).work
}

/** Returns what there is to do for a profile, and the profiles whose canaries it passes over. */
export async function outlookOf(
  services: Services,
  profile: string,
  definition: ProfileDefinition,
  targets?: readonly Targetable[],
): Promise<{ readonly work: ProfileWork[]; readonly passedOver: ReadonlySet<string> }> {
  const among = targets ?? services.views.everyTarget()
  const parts = partsOf(profile, definition)
  const { runs, passedOver } = await countRuns(services, profile, definition, parts, among)
  const work: ProfileWork[] = []
  for (const [number, part] of parts.entries())
    work.push(...(await workOfPart(services, part.definition, runs[number] ?? new Map())))
  return { work, passedOver }
}

async function workOfPart(
  services: Services,
  definition: ProfileDefinition,
  runs: ReadonlyMap<string, Runs>,
): Promise<ProfileWork[]> {
  const work: ProfileWork[] = []
  const { target_version: asked } = definition.upgrade_settings
  for (const component of componentsOf(definition, runs.keys())) {
    const found = await releaseFor(services, component, asked, { standing: true })
    const { heldBack } = found
    const release = 'release' in found ? found.release : undefined
    // What is held back is not chosen: nobody waits for it.
    if (!release && heldBack !== null) {
      work.push({ component, matching: 0, version: isMoving(asked) ? null : asked, heldBack })
      continue
    }
    const counts: Runs = runs.get(component) ?? new Map()
    const versions = [...counts.keys()].flatMap((version) => version ?? [])
    // A moving word leads nobody down.
    const newer =
      release && isMoving(asked) ? await newerThan(services.log, component, release, versions) : none
    const matching = waitingFor({ version: release?.version, newer }, counts)
    work.push({ component, matching, version: release?.version ?? null, heldBack })
  }
  return work
}

/** Returns whether the upgrade of a profile is for its canaries alone, since another profile takes the rest. */
export async function takesCanariesAlone({ log, views }: Services, profile: string): Promise<boolean> {
  const { definition } = (await log.load(profileAggregate, profile)).state
  return (
    definition !== null && leavesTheRest(profile, definition, await Array.fromAsync(views.everyProfile()))
  )
}

/**
 * Returns what targeting knows beside the targets: the profiles that exist and, where the definition excludes them, the targets that
 * executions of canary profiles (of the one that it depends on, else of any) have taken to the release that it would take them to.
 */
export async function targetingFacts(
  services: Services,
  profile: string,
  definition: Chooses,
  every?: readonly ProfileRow[],
): Promise<TargetingFacts & { readonly canaryResources: ReadonlyMap<string, ReadonlySet<string>> }> {
  const rows = every ?? (await Array.fromAsync(services.views.everyProfile()))
  const profiles = new Set(rows.map(({ id }) => id))
  const canaryResources = new Map<string, Set<string>>()
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
        if (!mayHaveChanged(attempt)) continue
        const known = canaryResources.get(attempt.target) ?? new Set()
        canaryResources.set(attempt.target, known.add(id))
      }
    }
  }
  return { profiles, canaryResources }
}

/** May what the target runs have been changed by an attempt, or be changed yet? */
function mayHaveChanged({ status }: AttemptRow): boolean {
  return status === 'assigned' || status === 'accepted' || meaningOf(status).touched
}

async function versionOf(services: Services, component: string, asked: string): Promise<string> {
  const found = await releaseFor(services, component, asked)
  return 'release' in found ? found.release.version : asked
}
