import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import type { OpeningFacts } from '../domain/profile/opening.ts'
import { plannedFor } from '../domain/profile/plan-ahead.ts'
import type { ExistingProfile } from '../domain/profile/state.ts'
import { lastSuccessRate } from '../domain/profile/statistics.ts'
import { windowOf } from '../domain/profile/windows.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { holdOf } from '../domain/upgrade/hold.ts'
import { exists, planOf } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import { closuresOf } from './closures.ts'
import { heldBackWords } from './release.ts'
import { type ProfileWork, workOf } from './targeting.ts'

/** Returns what the opening of a profile's window is checked against now; streams are read strongly, targets from the view. */
export async function openingFacts(
  services: { readonly log: Log; readonly views: Views },
  profile: string,
  state: ExistingProfile,
  scheduledAt: string,
): Promise<OpeningFacts> {
  const { log } = services
  const { definition, running } = state
  const { end } = windowOf(definition.schedule, scheduledAt)
  const chosen = running?.upgrade ?? plannedFor(state, scheduledAt)?.upgrades[0]?.upgrade
  const [policy, paused, heldBack, closures, successRate, work] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    pauseOf(log, running?.upgrade),
    heldBackOf(log, chosen),
    closuresOf(log, definition.schedule.calendars, scheduledAt, end),
    successRateOf(log, definition.depends_on?.profile_id),
    // What runs is carried on whoever matches by now.
    running ? null : workOf(services, profile, definition),
  ])
  return {
    stops: policy.state.stops,
    paused,
    closures,
    successRate,
    heldBack: heldBack ?? waitsForNothingElse(work),
    matching: work === null ? null : work.reduce((sum, { matching }) => sum + matching, 0),
  }
}

async function pauseOf(log: Log, upgrade: string | undefined): Promise<OpeningFacts['paused']> {
  if (upgrade === undefined) return null
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state) || state.standing.status !== 'paused') return null
  return { upgrade, reason: holdOf(state.standing.holds, 'OPERATOR')?.ref ?? 'by an operator' }
}

/** In words, why what an upgrade rolls out is held back; null: it is not, or nobody has chosen it yet. */
async function heldBackOf(log: Log, upgrade: string | undefined): Promise<string | null> {
  if (upgrade === undefined) return null
  const { state } = await log.load(upgradeAggregate, upgrade)
  const version = planOf(state)?.version
  if (version === undefined || !exists(state)) return null
  return heldBackWords((await log.load(releaseAggregate, releaseId(state.request.component, version))).state)
}

function waitsForNothingElse(work: readonly ProfileWork[] | null): string | null {
  if (work === null || work.some(({ matching }) => matching > 0)) return null
  return work.find(({ heldBack }) => heldBack !== null)?.heldBack ?? null
}

async function successRateOf(log: Log, profile: string | undefined): Promise<number | null> {
  if (profile === undefined) return null
  return lastSuccessRate((await log.load(profileAggregate, profile)).state)
}
