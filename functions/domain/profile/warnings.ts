import { counted } from '../../../events/phrases.ts'
import type { ProfileDefinition } from '../../../events/profile.ts'
import { hour, minute } from '../../../events/time.ts'
import { retryDelay } from '../upgrade/outcomes.ts'
import { openings } from './windows.ts'

/** So many openings are compared to find the shortest time between two: a year of daily ones holds every change of clocks. */
const compared = 400

/** What is known about a definition elsewhere. */
export interface WarningFacts {
  /** How many resources match now; null when that was not asked. */
  readonly matching: number | null
  /** How many members have more hours of their own than the windows have; left out: nobody asked. */
  readonly longer?: number
  readonly now: string
}

/** Returns what is allowed but probably not meant, in words (P4 `validation_warnings`). */
export function warningsOf(
  definition: ProfileDefinition,
  { matching, longer = 0, now }: WarningFacts,
): string[] {
  const { schedule, upgrade_settings: settings, resource_filters: filters } = definition
  const hours = schedule.maintenance_window_hours
  const warnings: string[] = []
  const starts = openings(schedule, now).take(compared).map(Date.parse).toArray()
  const periods = starts.slice(1).map((start, place) => start - (starts[place] ?? start))
  const shortest = Math.min(...periods) / hour
  if (starts.length === 0) warnings.push('The schedule does not open in the coming decades.')
  if (hours > shortest) {
    const period = shortest < 1 ? `${Math.round(shortest * 60)} minutes` : inHours(shortest)
    warnings.push(
      `The window of ${inHours(hours)} is longer than the shortest time between two openings, ${period}: windows overlap and count as one.`,
    )
  }
  const waits = Array.from(
    { length: schedule.retry_attempts },
    (_, failures) => retryDelay(schedule.retry_delay_minutes * 60, failures) / minute,
  ).reduce((sum, minutes) => sum + minutes, 0)
  if (waits >= hours * 60) {
    warnings.push(
      `${counted(schedule.retry_attempts, 'retry', 'retries')} wait up to ${counted(waits, 'minute')} in all, which does not fit into a window of ${inHours(hours)}: the last ones are not made.`,
    )
  }
  if (!settings.rollback_on_failure)
    warnings.push('rollback_on_failure is false: what fails stays as the failure left it.')
  if (!settings.pre_upgrade_checks)
    warnings.push(
      'pre_upgrade_checks is false: resources are upgraded although nothing may have been heard of them for long.',
    )
  if (settings.target_version === 'latest' && settings.canary_percentage === null)
    warnings.push(
      'target_version is latest without a canary_percentage: a new release reaches all resources in one wave.',
    )
  if (settings.canary_percentage === 100)
    warnings.push('canary_percentage is 100: every resource is a canary, so nothing is protected by it.')
  if (filters.exclude_canary_resources && !definition.depends_on)
    warnings.push(
      'exclude_canary_resources is set without depends_on: it waits for each profile with canaries that it passes over, 95 % and 2 resources of the same release; where there is none, nothing stops it when canaries fail.',
    )
  if (longer > 0)
    warnings.push(
      `${longer} ${longer === 1 ? 'member has' : 'members have'} more hours of their own than the window of ${inHours(hours)}: it ends before they do.`,
    )
  if (matching === 0) warnings.push('No resource matches the filters now.')
  return warnings
}

function inHours(hours: number): string {
  return counted(hours, 'hour')
}
