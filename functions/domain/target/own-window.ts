import type { TargetState } from './state.ts'

/** The window of a profile in which an upgrade of it runs now. */
export interface ProfileWindow {
  readonly profile: string
  readonly start: string
}

const hour = 3_600_000

/**
 * Returns when a target's own part of a profile's window ends: so many hours after the opening as its assignment says. Null where it says
 * nothing: the window's own end holds, which the upgrade keeps to. The assignment of now counts, whatever it was when the plan was made.
 */
export function ownWindowEnd(
  { assignments }: Pick<TargetState, 'assignments'>,
  { profile, start }: ProfileWindow,
): string | null {
  const assignment = Object.hasOwn(assignments, profile) ? assignments[profile] : undefined
  const hours = assignment?.override.maintenance_window_hours ?? null
  return hours === null ? null : new Date(Date.parse(start) + hours * hour).toISOString()
}
