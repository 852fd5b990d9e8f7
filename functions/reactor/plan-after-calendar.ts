import { calendarOfPolicy } from '../domain/policy/policy.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { causedBy, type Duty, holds, streamOf } from './duty.ts'
import { planAhead } from './plan-ahead.ts'

/**
 * A calendar was defined anew or deleted: a window that it closed until now may be the next one, and have to be planned. Schedules need
 * no change, as closed days have theirs too: their openings are skipped with the reason.
 */
export function planAfterCalendar(planning: Parameters<typeof planAhead>[0]): Duty {
  return {
    name: 'plan-after-calendar',
    concerns: (commit) => holds(commit, 'CalendarDefined', 'CalendarDeleted'),
    async act(commit) {
      const calendar = calendarOfPolicy(streamOf(commit).id)
      for await (const { id, status, definition } of planning.views().everyProfile()) {
        const { approvals, schedule } = definition
        if (status !== 'active' || !approvals || !schedule.calendars.some((name) => name === calendar))
          continue
        await planAhead(planning, id, causedBy(commit, systemActor))
      }
    },
  }
}
