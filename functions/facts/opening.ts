import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import type { Rollout } from '../domain/profile/dependency.ts'
import type { OpeningFacts } from '../domain/profile/opening.ts'
import { plannedFor } from '../domain/profile/plan-ahead.ts'
import type { ExistingProfile, PlannedWindow } from '../domain/profile/state.ts'
import { windowOf } from '../domain/profile/windows.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { exists as existsRollout, hasEnded as hasEndedRollout } from '../domain/rollout/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { holdOf } from '../domain/upgrade/hold.ts'
import { exists, hasEnded, planOf, type UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import { closuresOf } from './closures.ts'
import { heldBackWords } from './release.ts'
import { outlookOf, type ProfileWork } from './targeting.ts'
import { upstreamsOf } from './upstream.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** Returns what the opening of a profile's window is checked against now; streams are read strongly, targets from the view. */
export async function openingFacts(
  services: Services,
  profile: string,
  state: ExistingProfile,
  scheduledAt: string,
): Promise<OpeningFacts> {
  const { log } = services
  const { definition, running } = state
  const { end } = windowOf(definition.schedule, scheduledAt)
  const [policy, closures, ahead] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    closuresOf(log, definition.schedule.calendars, scheduledAt, end),
    running
      ? running.rollout
        ? rolloutCarriedOn(services, running.upgrade)
        : carriedOn(services, profile, state, running.upgrade)
      : toStart(services, profile, state, scheduledAt),
  ])
  return { stops: policy.state.stops, closures, ...ahead }
}

type Ahead = Pick<OpeningFacts, 'paused' | 'upstreams' | 'rollouts' | 'begun' | 'heldBack' | 'matching'>

/** Returns what an upgrade rolls out, or is going to; its version is not known before its plan. */
function rolloutOf(state: UpgradeState): Rollout[] {
  if (!exists(state) || hasEnded(state)) return []
  const { component, judged } = state.request
  return [{ component, version: planOf(state)?.version ?? judged ?? null }]
}

/** What runs is carried on whoever matches by now, and if it has begun whatever it depends on. */
async function carriedOn(
  services: Services,
  profile: string,
  { definition }: ExistingProfile,
  upgrade: string,
): Promise<Ahead> {
  const { state } = await services.log.load(upgradeAggregate, upgrade)
  const begun = !exists(state) || hasEnded(state) || state.standing.wave >= 0
  const rollouts = begun ? [] : rolloutOf(state)
  const { passedOver } = begun
    ? { passedOver: new Set<string>() }
    : await outlookOf(services, profile, definition)
  const upstreams = begun ? [] : await upstreamsOf(services, profile, definition, rollouts, passedOver)
  const heldBack = await heldBackOf(services.log, state)
  return { paused: pauseOf(state, upgrade), upstreams, rollouts, begun, heldBack, matching: null }
}

/** A rollout that runs is carried on: each of its phases is asked about what binds it. */
async function rolloutCarriedOn({ log }: Services, rollout: string): Promise<Ahead> {
  const { state } = await log.load(rolloutAggregate, rollout)
  const hold = existsRollout(state) && !hasEndedRollout(state) ? state.paused : null
  const paused = hold && { upgrade: rollout, reason: hold.reason }
  return { paused, upstreams: [], rollouts: [], begun: true, heldBack: null, matching: null }
}

/** What was planned ahead is started as it was planned, else what there is to do now. */
async function toStart(
  services: Services,
  profile: string,
  state: ExistingProfile,
  scheduledAt: string,
): Promise<Ahead> {
  const { definition } = state
  const { work, passedOver } = await outlookOf(services, profile, definition)
  const planned = plannedFor(state, scheduledAt)
  const rollouts = planned ? await plannedRollouts(services, planned) : workRollouts(work)
  const upstreams = await upstreamsOf(services, profile, definition, rollouts, passedOver)
  const matching = work.reduce((sum, one) => sum + one.matching, 0)
  const heldBack = (await plannedHeldBack(services, planned)) ?? waitsForNothingElse(work)
  return { paused: null, upstreams, rollouts, begun: null, heldBack, matching }
}

/** What is held back is asked about only where there is nothing else: it keeps no other component from its dependency. */
function workRollouts(work: readonly ProfileWork[]): Rollout[] {
  const matching = work.filter(({ matching }) => matching > 0)
  const wanted = work.filter(({ heldBack, version }) => heldBack !== null && version !== null)
  return (matching.length > 0 ? matching : wanted).map(({ component, version }) => ({ component, version }))
}

async function plannedRollouts({ log }: Services, { upgrades }: PlannedWindow): Promise<Rollout[]> {
  const found = await Promise.all(
    upgrades.map(async ({ upgrade }) => rolloutOf((await log.load(upgradeAggregate, upgrade)).state)),
  )
  return found.flat()
}

function pauseOf(state: UpgradeState, upgrade: string): OpeningFacts['paused'] {
  if (!exists(state) || state.standing.status !== 'paused') return null
  return { upgrade, reason: holdOf(state.standing.holds, 'OPERATOR')?.ref ?? 'by an operator' }
}

/** In words, why what an upgrade rolls out is held back; null: it is not, or nobody has chosen it yet. */
async function heldBackOf(log: Log, state: UpgradeState): Promise<string | null> {
  const version = planOf(state)?.version
  if (version === undefined || !exists(state)) return null
  return heldBackWords((await log.load(releaseAggregate, releaseId(state.request.component, version))).state)
}

async function plannedHeldBack(
  { log }: Services,
  planned: PlannedWindow | undefined,
): Promise<string | null> {
  const [first] = planned?.upgrades ?? []
  return first ? heldBackOf(log, (await log.load(upgradeAggregate, first.upgrade)).state) : null
}

function waitsForNothingElse(work: readonly ProfileWork[]): string | null {
  if (work.some(({ matching }) => matching > 0)) return null
  return work.find(({ heldBack }) => heldBack !== null)?.heldBack ?? null
}
