import type { ProfileDefinition, UpgradeSummary } from '../../../events/profile.ts'
import type { Upstream } from '../../../functions/domain/profile/dependency.ts'
import type { OpeningFacts } from '../../../functions/domain/profile/opening.ts'
import type { Schedule } from '../../../functions/domain/profile/windows.ts'

/** The seed's first example as a request: nothing is said that has a default. */
export const weekly = {
  name: 'Weekly-Production-Maintenance',
  schedule: {
    cron_expression: '0 2 * * 0',
    timezone: 'America/New_York',
    maintenance_window_hours: 4,
  },
  upgrade_settings: {
    target_version: 'stable',
    pre_upgrade_checks: true,
    rollback_on_failure: true,
    parallel_upgrades: 3,
  },
  resource_filters: { resource_types: ['publisher', 'local_broker'] },
}

/** The same as a definition. */
export const definition: ProfileDefinition = {
  name: weekly.name,
  description: null,
  schedule: { ...weekly.schedule, offset_days: 0, retry_attempts: 2, retry_delay_minutes: 15, calendars: [] },
  upgrade_settings: {
    ...weekly.upgrade_settings,
    component: null,
    notification_enabled: true,
    canary_percentage: null,
    attempt_minutes: 60,
    expected_minutes: 5,
  },
  resource_filters: {
    ...weekly.resource_filters,
    tags: [],
    regions: [],
    exclude_critical: false,
    exclude_canary_resources: false,
  },
  depends_on: null,
  approvals: null,
  rollout: null,
}

/** A schedule in UTC or elsewhere. */
export function scheduled(cron: string, timezone = 'UTC', hours = 4): Schedule {
  return { cron_expression: cron, timezone, offset_days: 0, maintenance_window_hours: hours }
}

/** Nothing elsewhere stands against opening. */
export const clear: OpeningFacts = {
  stops: [],
  paused: null,
  closures: [],
  upstreams: [],
  rollouts: [{ component: 'publisher', version: '4.2.1' }],
  begun: null,
  heldBack: null,
  matching: 12,
}

/** The profile `canary` has taken ten of ten to the release that `clear` is about; unless said otherwise. */
export function upstreamWith(
  execution: Partial<Upstream['executions'][number]> | null = {},
  changes: Partial<Upstream> = {},
): Upstream {
  const rolledOut = { upgrade: 'c1', component: 'publisher', version: '4.2.1', status: 'completed' } as const
  return {
    dependency: { profile: 'canary', minSuccessRate: 95, minResources: 2 },
    status: 'active',
    outOfService: null,
    running: null,
    executions:
      execution === null ? [] : [{ ...rolledOut, succeeded: 10, failed: 0, takenBack: null, ...execution }],
    ...changes,
  }
}

/** What an upgrade of ten came to: all of them are well unless said otherwise. */
export function summaryOf(upgrade: string, changes: Partial<UpgradeSummary> = {}): UpgradeSummary {
  return {
    upgrade,
    status: 'completed',
    component: 'publisher',
    version: '4.2.1',
    counts: { targeted: 10, succeeded: 10, failed: 0, unreachable: 0, skipped: 0, rolledBack: 0 },
    startedAt: '2026-03-08T07:00:00.000Z',
    endedAt: '2026-03-08T07:30:00.000Z',
    failures: [],
    peak: 3,
    averageSeconds: 90,
    bytes: 18_000_000,
    ...changes,
  }
}
