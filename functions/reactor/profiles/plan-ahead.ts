import { nameId } from '../../../events/name-id.ts'
import { after, hour, instantOf } from '../../../events/time.ts'
import { calendarOfPolicy, policyAggregate } from '../../domain/policy/policy.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { planWindow, windowToPlan } from '../../domain/profile/plan-ahead.ts'
import { closuresOf } from '../../facts/closures.ts'
import { workOf } from '../../facts/targeting.ts'
import type { Metadata } from '../../log/log.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import type { ProfileRow } from '../../views/rows.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

type Planning = Pick<ReactorServices, 'log' | 'views' | 'now'>

/** The name space of upgrades that are planned ahead. A plan that was made again, after an edit, is another upgrade. */
const planNamespace = '90c1f3b6-2d47-5e8a-a1b4-6c0e5d7f8a23'

/**
 * Has the upgrades of a profile's coming window planned when its lead time has come (ADR 0017). A window that will be closed, or for which
 * there is nothing to do yet, is not planned: its opening judges that. Asking again, at any time, changes nothing.
 */
export async function planAhead(services: Planning, profile: string, cause: Metadata): Promise<void> {
  const { log, now } = services
  const { state, commit } = await log.load(profileAggregate, profile)
  const instant = instantOf(now())
  const { definition } = state
  // Closed days only make it later: where nothing is due without them, nobody has to look them up.
  if (!definition?.approvals || definition.rollout || !windowToPlan(state, instant, [])) return
  const horizon = after(instant, definition.approvals.lead_time_hours * hour)
  const closures = await closuresOf(log, definition.schedule.calendars, instant, horizon)
  const window = windowToPlan(state, instant, closures)
  if (!window) return
  const scheduledAt = window.start
  const work = await workOf(services, profile, definition)
  const upgrades = work
    .filter(({ matching }) => matching > 0)
    .map(({ component }) => {
      const key = JSON.stringify([profile, scheduledAt, component, commit])
      return { upgrade: nameId(key, planNamespace), component }
    })
  await log.of(profileAggregate, profile).carryOut(planWindow({ scheduledAt, upgrades, closures }), cause)
}

/**
 * A calendar was defined anew or deleted: a window that it closed until now may be the next one, and have to be planned. Schedules need
 * no change, as closed days have theirs too: their openings are skipped with the reason.
 */
export const planAfterCalendar = duty(
  'plan-after-calendar',
  policyAggregate,
  ['CalendarDefined', 'CalendarDeleted'],
  async ({ id: policy, cause }, services: Planning) => {
    const calendar = calendarOfPolicy(policy)
    const plan = async ({ id, status, definition: { approvals, schedule } }: ProfileRow) => {
      if (status !== 'active' || !approvals || !schedule.calendars.some((name) => name === calendar)) return
      await planAhead(services, id, cause)
    }
    const each = new OnTheirOwn()
    await each.each(services.views.everyProfile(), 1, plan, ({ id }) => id)
    each.end()
  },
)
