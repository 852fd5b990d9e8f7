import type { ProfileDefinition } from '../../../events/profile.ts'
import { noTotals, type Totals } from '../../domain/profile/state.ts'
import {
  addSummary,
  type ExecutionStatus,
  executionStatusOf,
  networkUtilization,
  secondsOf,
} from '../../domain/profile/statistics.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { exists } from '../../domain/rollout/state.ts'
import type { Log } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import type { ExecutionRow, UpgradeRow } from '../../views/rows.ts'
import type { Services } from '../services.ts'

/** Those executions of a profile that are asked for. */
export interface Matching {
  /** The latest ones, latest first. */
  readonly latest: readonly ExecutionRow[]
  /** How many there are, and the sums over those that are over. */
  readonly count: number
  readonly totals: Totals
}

function newest(rows: readonly ExecutionRow[], atMost: number): ExecutionRow[] {
  const byTime = (left: ExecutionRow, right: ExecutionRow) =>
    left.startedAt === right.startedAt
      ? left.upgrade < right.upgrade
        ? -1
        : 1
      : left.startedAt < right.startedAt
        ? 1
        : -1
  return rows.toSorted(byTime).slice(0, atMost)
}

/**
 * Reads the executions of a profile, which have no order in the view, page by page: however long it has been there, no more than twice
 * those that are shown are held at a time. A weekly profile of ten years has 520 of them, of 1 KB at most.
 */
export async function executionsMatching(
  { views }: Services,
  profile: string,
  atMost: number,
  matches: (row: ExecutionRow) => boolean = () => true,
): Promise<Matching> {
  let latest: ExecutionRow[] = []
  let count = 0
  let totals = noTotals
  for await (const row of views.executionsOf(profile)) {
    if (!matches(row)) continue
    count += 1
    if (row.summary) totals = addSummary(totals, row.summary)
    latest.push(row)
    if (latest.length >= 2 * atMost) latest = newest(latest, atMost)
  }
  return { latest: newest(latest, atMost), count, totals }
}

/** Returns where an execution stands, in the seed's word. */
export function statusOf({ summary }: ExecutionRow): 'running' | ExecutionStatus {
  return summary ? executionStatusOf(summary) : 'running'
}

/** Counts of what runs are those of the upgrades' own rows; what is over was copied into the profile. */
async function countsOf({ log, views }: Services, execution: ExecutionRow) {
  const { summary } = execution
  if (summary) {
    const { targeted, succeeded, failed, unreachable, skipped } = summary.counts
    return { targeted, succeeded, failed: failed + unreachable, skipped, version: summary.version }
  }
  const upgrades = await upgradesOf(log, execution)
  const found = await sideBySide(upgrades, atOnce.upgrades, async (id) => (await views.getUpgrade(id))?.row)
  const rows = found.flatMap((row) => row ?? [])
  const sum = (count: (row: UpgradeRow) => number) => rows.reduce((total, row) => total + count(row), 0)
  return {
    targeted: sum(({ total }) => total),
    succeeded: sum(({ completed }) => completed),
    failed: sum(({ failed, unreachable }) => failed + unreachable),
    skipped: sum(({ skipped }) => skipped),
    // Each phase of a rollout has its own.
    version: execution.rollout ? null : (rows[0]?.version ?? null),
  }
}

/** Returns the upgrades that an execution is made of: itself, or the phases of its rollout that have begun. */
export async function upgradesOf(
  log: Log,
  { upgrade, rollout }: Pick<ExecutionRow, 'upgrade' | 'rollout'>,
): Promise<readonly string[]> {
  if (!rollout) return [upgrade]
  const { state } = await log.load(rolloutAggregate, upgrade)
  return exists(state) ? state.phases.flatMap((phase) => phase.upgrade ?? []) : []
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
