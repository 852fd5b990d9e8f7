import type { targetContracts } from '../../../contracts/targets.ts'
import { refOf } from '../../../events/stream.ts'
import { instantOf } from '../../../events/time.ts'
import { componentAggregate } from '../../domain/component/component.ts'
import { groupOf } from '../../domain/plan/after-wave.ts'
import { waveOf } from '../../domain/plan/waves.ts'
import { freezePolicy, policyAggregate } from '../../domain/policy/policy.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { explainTarget as explain } from '../../domain/target/explain.ts'
import type { CitedAgainst, MemberAsked, UpgradeAsked } from '../../domain/target/explanation.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { attentionTo, chunkOf } from '../../domain/upgrade/chunks.ts'
import { standsAt } from '../../domain/upgrade/held.ts'
import {
  type AcceptedPlan,
  type ExistingUpgrade,
  exists,
  hasBegun,
  hasEnded,
  planOf,
  type UpgradeState,
} from '../../domain/upgrade/state.ts'
import { sameVersion } from '../../domain/version/identity.ts'
import { lacksLicence } from '../../facts/entitlement.ts'
import { leftOutOf } from '../../facts/left-out.ts'
import { holdersOf } from '../../facts/live-plans.ts'
import { memberNamed } from '../../facts/plan-members.ts'
import { againstNamed, againstReleaseOf, newestRelease } from '../../facts/release.ts'
import type { Log } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { heardOf } from './read.ts'

/** The instant that is asked about; left out: now. */
interface Instant {
  readonly at?: string
}

/** Where a member of a plan stands; an upgrade that is over has nobody waiting any more. */
function memberIn(state: UpgradeState, plan: AcceptedPlan, member: number): MemberAsked {
  const wave = waveOf(plan.waves, plan.members, member)
  const group = exists(state) ? groupOf({ request: state.request, plan }, wave) : undefined
  const placed = { wave, ...(group && { group }) }
  if (!exists(state) || hasEnded(state) || state.stage === 'requested')
    return { ...placed, status: 'finished', again: null }
  const { chunks } = state
  const attention = attentionTo(chunks, chunkOf(member))
  const status = standsAt(chunks, member)
  const again =
    status === 'retrying'
      ? (attention?.retryAt ?? null)
      : status === 'deferred'
        ? (attention?.deferredAt ?? null)
        : null
  return { ...placed, status, again }
}

/** Where the target stands in an upgrade that has a plan. */
async function memberOf(log: Log, target: string, state: UpgradeState): Promise<UpgradeAsked['member']> {
  const plan = planOf(state)
  if (!plan) return null
  const member = await memberNamed(log, plan, target)
  return member === undefined ? 'not-a-member' : memberIn(state, plan, member)
}

function asked(
  log: Log,
  id: string,
  state: ExistingUpgrade,
  commit: number,
  member: UpgradeAsked['member'],
): UpgradeAsked {
  const { status, holds, failure, wave } = state.standing
  return {
    ...{ id, status, holds, failure, wave, member },
    ref: refOf(log.of(upgradeAggregate, id).name, commit),
    component: state.request.component,
    version: planOf(state)?.version ?? state.request.version,
    overrode: hasBegun(state) ? (state.overrode.at(-1)?.since ?? null) : null,
  }
}

type Reading = Pick<Services, 'log' | 'views'>

async function upgradeAsked(
  services: Reading,
  target: string,
  id: string,
  at: Instant,
): Promise<{ readonly state: ExistingUpgrade; readonly asked: UpgradeAsked }> {
  const { log } = services
  const { state, commit } = await log.load(upgradeAggregate, id, at)
  if (!exists(state)) throw new Problem('upgrade-not-found', 'There is no such upgrade.')
  const member = await memberOf(log, target, state)
  const release = await againstReleaseOf(log, state, at)
  const found = { ...asked(log, id, state, commit, member), release }
  if (member !== 'not-a-member') return { state, asked: found }
  const leftOut = await leftOutOf(services, target, id, state)
  return { state, asked: { ...found, leftOut, leftOutCounts: planOf(state)?.leftOut ?? {} } }
}

/** So many components of one target are looked at for an upgrade that left it out. */
const componentsAtMost = 5

/** Returns the newest upgrade of each component that the target runs, where that left it out for what is still so. */
async function passedOverBy(services: Reading, target: string, components: readonly string[], now: string) {
  const found: UpgradeAsked[] = []
  for (const component of components) {
    const filters = { component, kind: 'deploy' as const }
    const [newest] = (await services.views.listUpgrades({ limit: 1, filters })).rows
    if (!newest) continue
    const { upgradeId } = newest
    const { state, asked } = await upgradeAsked(services, target, upgradeId, {})
    const { leftOut } = asked
    if (!leftOut || leftOut.reason === 'not_selected' || leftOut.reason === 'already_at_version') continue
    const still = await leftOutOf(services, target, upgradeId, state, now)
    if (still?.reason === leftOut.reason) found.push(asked)
  }
  return found
}

type Newest = Required<Pick<Parameters<typeof explain>[0], 'unentitled'>> & {
  readonly against: readonly CitedAgainst[]
}

const noneNewest: Newest = { against: [], unentitled: [] }

/**
 * Returns what stands against the newest release of each component that the target runs, which is what keeps `latest` and profiles from it, and which of
 * them it has no licence for.
 */
async function againstNewest(
  services: Reading & Pick<Services, 'now'>,
  { components: runs, licence }: TargetState,
  components: readonly string[],
): Promise<Newest> {
  const { log, views } = services
  const against: CitedAgainst[] = []
  const unentitled: Newest['unentitled'][number][] = []
  for (const component of components) {
    const version = await newestRelease(views, component)
    if (version === undefined) continue
    against.push(...(await againstNamed(log, { component, version })))
    const isNews = !sameVersion(runs[component] ?? '', version)
    if (isNews && (await lacksLicence(services, component, version, licence?.id ?? null))) {
      const { commit } = await log.load(componentAggregate, component)
      unentitled.push({ component, version, ref: refOf(log.of(componentAggregate, component).name, commit) })
    }
  }
  return { against, unentitled }
}

/** The upgrades at work that hold the target, as far as they were looked through. */
async function holdersAsked(services: Reading, target: string, at: Instant) {
  const { log } = services
  const { holders, upgrades, all } = await holdersOf(services, new Set([target]), at)
  const found = await sideBySide(holders, atOnce.upgrades, async ({ upgrade, state, commit, members }) => {
    const release = await againstReleaseOf(log, state, at)
    return members.map((member) => ({
      ...asked(log, upgrade, state, commit, memberIn(state, state.plan, member)),
      release,
    }))
  })
  return { holders: found.flat(), lookedThrough: { upgrades, all } }
}

async function stopsAt(log: Log, at: Instant) {
  const { state, commit } = await log.load(policyAggregate, freezePolicy, at)
  const ref = refOf(log.of(policyAggregate, freezePolicy).name, commit)
  return state.stops.map(({ reason, since }) => ({ reason, since, ref }))
}

/** Says why a target is, or is not, being upgraded, now or at an instant: from the log alone, each reason with its commit (N3). */
export const explainTarget: Operate<(typeof targetContracts)['explainTarget'], 'telemetry'> = async (
  { params, query },
  services,
) => {
  const { log, telemetry, now } = services
  const { id } = params
  const instant = instantOf(query.at ?? now())
  const at: Instant = query.at === undefined ? {} : { at: instant }
  const { state, commit } = await log.load(targetAggregate, id, at)
  if (!state.registered) throw new Problem('target-not-found', 'No such target is registered at that time.')
  const [stops, upgrade, held, heard] = await Promise.all([
    stopsAt(log, at),
    query.upgradeId === undefined ? undefined : upgradeAsked(services, id, query.upgradeId, at),
    query.upgradeId === undefined ? holdersAsked(services, id, at) : undefined,
    heardOf(telemetry, id),
  ])
  const ref = refOf(log.of(targetAggregate, id).name, commit)
  const holders = held?.holders ?? []
  const lastSeen = query.at === undefined ? { lastSeenAt: heard.lastSeenAt } : {}
  // The views know the newest upgrades as of now alone.
  const asksNow = query.upgradeId === undefined && query.at === undefined && holders.length === 0
  const components = asksNow ? Object.keys(state.components).slice(0, componentsAtMost) : []
  const [newest, passedOver] = await Promise.all([
    state.active ? noneNewest : againstNewest(services, state, components),
    passedOverBy(services, id, components, instant),
  ])
  const facts = {
    id,
    target: state,
    ref,
    at: instant,
    upgrade: upgrade?.asked,
    holders,
    passedOver,
    releases: newest.against,
    unentitled: newest.unentitled.filter(
      ({ component }) =>
        !passedOver.some((one) => one.component === component && one.leftOut?.reason === 'not_entitled'),
    ),
    stops,
    ...lastSeen,
  }
  const lookedThrough = held?.lookedThrough ?? null
  return { status: 200, body: { id, at: instant, ...heard, lookedThrough, ...explain(facts) } }
}
