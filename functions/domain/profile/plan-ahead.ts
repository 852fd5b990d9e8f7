import type { ProfileEvent } from '../../../events/profile.ts'
import { after, hour } from '../../../events/time.ts'
import { accept } from '../aggregate.ts'
import type { Closure } from '../policy/closure.ts'
import type { Window } from '../window.ts'
import { editorsBeside } from './editors.ts'
import { exists, type PlannedWindow, type ProfileDecision, type ProfileState } from './state.ts'
import { nextWindow } from './windows.ts'

type VoidReason = Extract<ProfileEvent, { type: 'PlanVoided' }>['data']['reason']

/** Returns when the plan of an opening is to be made: its lead time before. Null: when it opens, as there is nothing to approve. */
export function planningTime(
  { definition }: Pick<ProfileState, 'definition'>,
  scheduledAt: string,
): string | null {
  // The phases of a rollout are planned together, when it begins.
  const lead = definition?.rollout ? undefined : definition?.approvals?.lead_time_hours
  return lead === undefined ? null : after(scheduledAt, -lead * hour)
}

/**
 * Returns the coming window whose plan is to be made now; undefined when none is: its time has not come, it is planned already, or an
 * upgrade is unfinished, which that window would carry on. One window is planned at a time.
 */
export function windowToPlan(
  state: ProfileState,
  now: string,
  closures: readonly Closure[],
): Window | undefined {
  if (!exists(state) || state.status !== 'active' || state.running) return undefined
  if (state.planned && state.planned.end > now) return undefined
  const window = nextWindow(state.definition, now, closures)
  const planAt = window && planningTime(state, window.start)
  return planAt && planAt <= now ? window : undefined
}

/** Has the upgrades of a coming window planned ahead of it. A window that is not to be planned now, or is already, stays as it is. */
export function planWindow(command: {
  readonly scheduledAt: string
  readonly upgrades: PlannedWindow['upgrades']
  readonly closures: readonly Closure[]
}): ProfileDecision {
  return (state, now) => {
    const { scheduledAt, upgrades, closures } = command
    const window = windowToPlan(state, now, closures)
    if (window?.start !== scheduledAt || upgrades.length === 0) return accept()
    const { end } = window
    // Whoever edited the profile last asks for its upgrades; none of its editors can approve them (design: #approvals).
    const by = state.updatedBy
    const data = { scheduledAt, end, upgrades: [...upgrades], ...editorsBeside(state, by), by }
    return accept({ type: 'WindowPlanned', data })
  }
}

/** Returns what was planned for an opening and has not started. */
export function plannedFor({ planned }: ProfileState, scheduledAt: string): PlannedWindow | undefined {
  return planned?.scheduledAt === scheduledAt ? planned : undefined
}

/** Returns the event by which nothing of a plan runs any more; none when nothing is planned. */
export function voidPlan(
  planned: PlannedWindow | null | undefined,
  reason: VoidReason,
  by: string,
): ProfileEvent[] {
  if (!planned) return []
  const upgrades = planned.upgrades.map(({ upgrade }) => upgrade)
  return [{ type: 'PlanVoided', data: { scheduledAt: planned.scheduledAt, upgrades, reason, by } }]
}
