import { after, hour } from '../../../events/time.ts'
import type { TargetState } from './state.ts'

/** The window of a profile in which an upgrade of it runs now. */
export interface ProfileWindow {
  readonly profile: string
  readonly start: string
}

/**
 * Returns when a target's own part of a profile's window ends: so many hours after the opening as its membership says. Null where it says
 * nothing: the window's own end holds, which the upgrade keeps to. The membership of now counts, whatever it was when the plan was made.
 */
export function ownWindowEnd(
  { memberships }: Pick<TargetState, 'memberships'>,
  { profile, start }: ProfileWindow,
): string | null {
  const membership = Object.hasOwn(memberships, profile) ? memberships[profile] : undefined
  const hours = membership?.override.maintenance_window_hours ?? null
  return hours === null ? null : after(start, hours * hour)
}
