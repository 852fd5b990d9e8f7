import { v5 } from 'uuid'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { planWindow, windowToPlan } from '../domain/profile/plan-ahead.ts'
import type { Log, Metadata } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { closuresOf } from '../planning/closures.ts'
import { workOf } from '../planning/profile-members.ts'
import type { Views } from '../views/views.ts'

const hour = 3_600_000
/** The name space of upgrades that are planned ahead. A plan that was made again, after an edit, is another upgrade. */
const planNamespace = '90c1f3b6-2d47-5e8a-a1b4-6c0e5d7f8a23'

/**
 * Has the upgrades of a profile's coming window planned when its lead time has come (ADR 0017). A window that will be closed, or for which
 * there is nothing to do yet, is not planned: its opening judges that. Asking again, at any time, changes nothing.
 */
export async function planAhead(
  { log, views, now }: { readonly log: Log; readonly views: () => Views; now(): number },
  profile: string,
  metadata: Metadata,
): Promise<void> {
  const { state, commit } = await log.load(profileAggregate, profile)
  const instant = new Date(now()).toISOString()
  const { definition } = state
  // Closed days only make it later: where nothing is due without them, nobody has to look them up.
  if (!definition?.approvals || !windowToPlan(state, instant, [])) return
  const horizon = new Date(now() + definition.approvals.lead_time_hours * hour).toISOString()
  const closures = await closuresOf(log, definition.schedule.calendars, instant, horizon)
  const window = windowToPlan(state, instant, closures)
  if (!window) return
  const scheduledAt = window.start
  const work = await workOf({ log, views: views() }, profile, definition)
  const upgrades = work
    .filter(({ matching }) => matching > 0)
    .map(({ component }) => {
      const key = JSON.stringify([profile, scheduledAt, component, commit])
      return { upgrade: v5(key, planNamespace), component }
    })
  const decision = planWindow({ scheduledAt, upgrades, closures })
  const outcome = await log.execute(profileAggregate, profile, decision, metadata, { retryFor: 5000 })
  settled(`profile#${profile}`, outcome)
}
