import type { ProfileDefinition } from '../../../events/profile.ts'
import {
  type ExecutionStatus,
  executionStatuses,
  networkUtilization,
  secondsOf,
} from '../../domain/profile/statistics.ts'
import type { ExecutionRow } from '../../views/rows.ts'
import type { Services } from '../services.ts'

/** Returns the executions of a profile, the latest first. */
export async function latestExecutions({ views }: Services, profile: string): Promise<ExecutionRow[]> {
  const rows = await Array.fromAsync(views.executionsOf(profile))
  return rows.sort((left, right) =>
    left.startedAt === right.startedAt
      ? left.upgrade < right.upgrade
        ? -1
        : 1
      : left.startedAt < right.startedAt
        ? 1
        : -1,
  )
}

/** Returns where an execution stands, in the seed's word. */
export function statusOf({ summary }: ExecutionRow): 'running' | ExecutionStatus {
  return summary ? executionStatuses[summary.phase] : 'running'
}

/** Counts of what runs are those of the upgrade's own row; what is over was copied into the profile. */
async function countsOf({ views }: Services, { upgrade, summary }: ExecutionRow) {
  if (summary) {
    const { targeted, succeeded, failed, unreachable, skipped } = summary.counts
    return { targeted, succeeded, failed: failed + unreachable, skipped, version: summary.version }
  }
  const row = (await views.getUpgrade(upgrade))?.row
  return {
    targeted: row?.total ?? 0,
    succeeded: row?.completed ?? 0,
    failed: (row?.failed ?? 0) + (row?.unreachable ?? 0),
    skipped: row?.skipped ?? 0,
    version: row?.version ?? null,
  }
}

const minutes = (seconds: number) => seconds / 60

/** Returns an execution as the history tells it (P7), without the results of single resources. */
export async function executionOf(services: Services, definition: ProfileDefinition, row: ExecutionRow) {
  const { summary } = row
  const counts = await countsOf(services, row)
  return {
    execution_id: row.upgrade,
    started_at: row.startedAt,
    completed_at: summary?.endedAt ?? null,
    duration_minutes: summary ? minutes(secondsOf(summary)) : null,
    status: statusOf(row),
    target_version: counts.version ?? definition.upgrade_settings.target_version,
    resources_targeted: counts.targeted,
    resources_processed: counts.succeeded + counts.failed,
    resources_successful: counts.succeeded,
    resources_failed: counts.failed,
    resources_skipped: counts.skipped,
    failure_reasons: (summary?.failures ?? []).map(({ code, count }) => ({
      reason: code.toLowerCase().replaceAll('_', ' '),
      affected_resources: count,
      error_code: code,
    })),
    metrics: {
      average_upgrade_time:
        summary?.averageSeconds === undefined || summary.averageSeconds === null
          ? null
          : minutes(summary.averageSeconds),
      peak_concurrent_upgrades: summary?.peak ?? 0,
      network_utilization: summary ? networkUtilization(summary) : null,
      rollback_count: summary?.counts.rolledBack ?? 0,
    },
  }
}
