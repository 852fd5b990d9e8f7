import type { ProfileDefinition } from '../../../events/profile.ts'
import { profileRanges } from './definition.ts'

/** How one try of a run is made: the profile's own settings for the first, gentler ones after each failure. */
export interface TrySettings {
  /** How long to wait before it, in minutes; 0 for the first. */
  readonly delayMinutes: number
  readonly parallel: number
}

/**
 * Returns the settings of the try after so many failed ones (P13): the delay doubles and parallelism is lowered by 2 each time, inside
 * the ranges that the profile may say itself. The profile stays as it is. Undefined when the tries are used up.
 */
export function settingsAfter(
  failedTries: number,
  { schedule, upgrade_settings }: Pick<ProfileDefinition, 'schedule' | 'upgrade_settings'>,
): TrySettings | undefined {
  if (failedTries > schedule.retry_attempts) return undefined
  const [, longestDelay] = profileRanges.retry_delay_minutes
  const [fewest] = profileRanges.parallel_upgrades
  return {
    delayMinutes:
      failedTries === 0 ? 0 : Math.min(longestDelay, schedule.retry_delay_minutes * 2 ** (failedTries - 1)),
    parallel: Math.max(fewest, upgrade_settings.parallel_upgrades - 2 * failedTries),
  }
}
