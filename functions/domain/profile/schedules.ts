import { after } from '../../../events/time.ts'
import type { Closure } from '../policy/closure.ts'
import { planningTime } from './plan-ahead.ts'
import { exists, judged, type ProfileState } from './state.ts'
import { nextOpenings, nextWindow, windowsBetween } from './windows.ts'

/** How many openings ahead of now have a schedule. */
const ahead = 2

/** A one-shot schedule that should exist. */
export interface WindowSchedule {
  /** The same for the same opening, so that making it twice makes one. */
  readonly name: string
  readonly scheduledAt: string
  /** When it is to be planned; null: the schedule is for the opening itself. */
  readonly plansAt: string | null
  /** The opening has passed and was not judged: its schedule is about to be delivered, or was lost. */
  readonly due: boolean
}

/** Returns the name of the schedule of an opening, `window-<profileId>-<epochMinute>`, or of its planning, with `-plan`. */
export function scheduleName(profileId: string, scheduledAt: string, plans = false): string {
  const opening = `window-${profileId}-${Math.floor(Date.parse(scheduledAt) / 60_000)}`
  return plans ? `${opening}-plan` : opening
}

/**
 * Returns the schedules that should exist: those of an active profile's next two openings, and of openings that have come but were not
 * judged while their window is still open. An opening that is to be planned ahead has the schedule of its planning until then, so that
 * approvals cost no third one. Every other one that bears the profile's id is to be deleted; a profile that is inactive or
 * deleted has none.
 */
export function schedulesOf(state: ProfileState, profileId: string, now: string): WindowSchedule[] {
  if (!exists(state) || state.status !== 'active') return []
  const { schedule } = state.definition
  const named = (scheduledAt: string, due: boolean): WindowSchedule => {
    const planAt = planningTime(state, scheduledAt)
    const plansAt = planAt !== null && planAt > now ? planAt : null
    return { name: scheduleName(profileId, scheduledAt, plansAt !== null), scheduledAt, plansAt, due }
  }
  return [
    ...dueOpenings(state, now).map((start) => named(start, true)),
    ...nextOpenings(schedule, now, ahead).map((start) => named(start, false)),
  ]
}

/** Returns the openings of an active profile that have come, but were not judged while their window is open, in their order. */
export function dueOpenings(state: ProfileState, now: string): string[] {
  if (!exists(state) || state.status !== 'active') return []
  return windowsBetween(state.definition.schedule, now, after(now, 1))
    .map(({ start }) => start)
    .filter((start) => start > state.scheduledSince && judged(state, start) === undefined)
}

/** Returns when the profile runs next, closed days passed over; null when it does not. */
export function nextExecution(
  state: ProfileState,
  now: string,
  closures: readonly Closure[] = [],
): string | null {
  if (!exists(state) || state.status !== 'active') return null
  return nextWindow(state.definition, now, closures)?.start ?? null
}
