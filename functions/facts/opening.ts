import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import type { OpeningFacts } from '../domain/profile/opening.ts'
import type { ExistingProfile } from '../domain/profile/state.ts'
import { lastSuccessRate } from '../domain/profile/statistics.ts'
import { windowOf } from '../domain/profile/windows.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { holdOf } from '../domain/upgrade/hold.ts'
import { exists } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import { closuresOf } from './closures.ts'
import { workOf } from './targeting.ts'

/** Returns what the opening of a profile's window is checked against now; streams are read strongly, targets from the view. */
export async function openingFacts(
  services: { readonly log: Log; readonly views: Views },
  profile: string,
  { definition, running }: ExistingProfile,
  scheduledAt: string,
): Promise<OpeningFacts> {
  const { log } = services
  const { end } = windowOf(definition.schedule, scheduledAt)
  const [policy, paused, closures, successRate, work] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    pauseOf(log, running?.upgrade),
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
    matching: work === null ? null : work.reduce((sum, { matching }) => sum + matching, 0),
  }
}

async function pauseOf(log: Log, upgrade: string | undefined): Promise<OpeningFacts['paused']> {
  if (upgrade === undefined) return null
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state) || state.standing.status !== 'paused') return null
  return { upgrade, reason: holdOf(state.standing.holds, 'OPERATOR')?.ref ?? 'by an operator' }
}

async function successRateOf(log: Log, profile: string | undefined): Promise<number | null> {
  if (profile === undefined) return null
  return lastSuccessRate((await log.load(profileAggregate, profile)).state)
}
