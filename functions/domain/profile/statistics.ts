import type { UpgradeSummary } from '../../../events/profile.ts'
import { between } from '../../../events/time.ts'
import type { EndedStatus } from '../../../events/upgrade.ts'
import { isCritical } from '../target/outcome.ts'
import type { ProfileState, Totals } from './state.ts'

/** The seed's word for how an execution ended. */
export type ExecutionStatus = 'completed' | 'failed' | 'cancelled'

/** How each end of an upgrade is told in a profile's history, unless failures brought it about. */
const executionStatuses: Readonly<Record<EndedStatus, ExecutionStatus>> = {
  completed: 'completed',
  completed_with_exceptions: 'completed',
  failed: 'failed',
  aborted: 'cancelled',
  rejected: 'cancelled',
  expired: 'cancelled',
}

/** Returns the seed's word for how an execution ended. Failures that are more than it may bear make an upgrade abort itself: it has failed. */
export function executionStatusOf({
  status,
  failures,
}: Pick<UpgradeSummary, 'status' | 'failures'>): ExecutionStatus {
  return status === 'aborted' && failures.length > 0 ? 'failed' : executionStatuses[status]
}

/** How many codes of failures a summary and the sums keep apart: targets choose them. */
const mostCodes = 100
/** The one code of all others. */
const otherCodes = 'OTHER'

/** Figures over every execution of a profile. Null: there is nothing yet to compute it from. */
export interface Statistics {
  readonly executions: number
  readonly successful: number
  readonly failed: number
  readonly cancelled: number
  /** Percent of the attempted resources that succeeded: succeeded ÷ (succeeded + failed + unreachable). */
  readonly successRate: number | null
  /** Mean time of an execution from its start to its end. */
  readonly averageMinutes: number | null
  readonly resourcesUpgraded: number
  readonly mostCommonFailure: string | null
  /** The most attempts that any execution had in flight at once. */
  readonly peak: number
  readonly rollbacks: number
  readonly lastExecutionAt: string | null
}

/** Returns the sums with one more summary. */
export function addSummary(totals: Totals, summary: UpgradeSummary): Totals {
  const { counts } = summary
  const status = executionStatusOf(summary)
  return {
    executions: totals.executions + 1,
    successful: totals.successful + (status === 'completed' ? 1 : 0),
    failed: totals.failed + (status === 'failed' ? 1 : 0),
    cancelled: totals.cancelled + (status === 'cancelled' ? 1 : 0),
    targeted: totals.targeted + counts.targeted,
    succeeded: totals.succeeded + counts.succeeded,
    failedResources: totals.failedResources + counts.failed + counts.unreachable,
    skipped: totals.skipped + counts.skipped,
    rolledBack: totals.rolledBack + counts.rolledBack,
    seconds: totals.seconds + secondsOf(summary),
    bytes: totals.bytes + (summary.bytes ?? 0),
    peak: Math.max(totals.peak, summary.peak),
    failures: addFailures(totals.failures, summary.failures),
  }
}

function addFailures(
  failures: Totals['failures'],
  more: UpgradeSummary['failures'],
): Readonly<Record<string, number>> {
  const sums = new Map(Object.entries(failures))
  for (const { code, count } of more) sums.set(code, (sums.get(code) ?? 0) + count)
  const commonest = [...sums].sort(byCount).slice(0, mostCodes)
  return Object.fromEntries(commonest)
}

/** The commonest first; of equally common ones the first by name, so that the answer does not depend on their order. */
function byCount(
  [leftCode, left]: readonly [string, number],
  [code, count]: readonly [string, number],
): number {
  return count - left || (leftCode < code ? -1 : 1)
}

/** Returns the figures of a profile (P2, P3, P7). */
export function statisticsOf({
  totals,
  lastExecutionAt,
}: Pick<ProfileState, 'totals' | 'lastExecutionAt'>): Statistics {
  const attempted = totals.succeeded + totals.failedResources
  const [commonest] = Object.entries(totals.failures).sort(byCount)
  return {
    executions: totals.executions,
    successful: totals.successful,
    failed: totals.failed,
    cancelled: totals.cancelled,
    successRate: attempted === 0 ? null : (totals.succeeded * 100) / attempted,
    averageMinutes: totals.executions === 0 ? null : totals.seconds / totals.executions / 60,
    resourcesUpgraded: totals.succeeded,
    mostCommonFailure: commonest?.[0] ?? null,
    peak: totals.peak,
    rollbacks: totals.rolledBack,
    lastExecutionAt,
  }
}

/** Returns how long an execution took, in seconds. */
export function secondsOf({ startedAt, endedAt }: Pick<UpgradeSummary, 'startedAt' | 'endedAt'>): number {
  return Math.max(0, between(startedAt, endedAt) / 1000)
}

/**
 * Returns the `network_utilization` of an execution in bytes a second: artifact bytes × targets ÷ duration. The targets are those that it
 * handed the release to (succeeded and failed, each once however often it was tried; not the skipped and the unreachable), the duration is
 * that of the execution. Null: the release does not say how long its artifact is, or no time has passed.
 */
export function networkUtilization(summary: UpgradeSummary): number | null {
  const seconds = secondsOf(summary)
  return summary.bytes === null || seconds === 0 ? null : summary.bytes / seconds
}

/** Returns the bytes that went to targets, as a summary keeps them; null where the artifact's length is not known. */
export function bytesSent(
  sizeBytes: number | null,
  { succeeded, failed }: Pick<UpgradeSummary['counts'], 'succeeded' | 'failed'>,
): number | null {
  return sizeBytes === null ? null : Math.min(Number.MAX_SAFE_INTEGER, sizeBytes * (succeeded + failed))
}

/**
 * Returns how often each code occurs, by name, as a summary keeps it. Where there are too many, the critical ones and the commonest are
 * kept, and the rest counts as one.
 */
export function failuresByCode(codes: readonly string[]): UpgradeSummary['failures'] {
  return sumOfFailures(codes.map((code) => ({ code, count: 1 })))
}

/** Returns the same of what was counted already, by several upgrades together: as many codes are kept apart as of one. */
export function sumOfFailures(failures: UpgradeSummary['failures']): UpgradeSummary['failures'] {
  const sums = new Map<string, number>()
  let rest = 0
  for (const { code, count } of failures) {
    if (code === otherCodes) rest += count
    else sums.set(code, (sums.get(code) ?? 0) + count)
  }
  const ranked = [...sums].sort(
    (left, right) => Number(isCritical(right[0])) - Number(isCritical(left[0])) || byCount(left, right),
  )
  const kept = ranked.slice(0, mostCodes)
  for (const [, count] of ranked.slice(mostCodes)) rest += count
  if (rest > 0) kept.push([otherCodes, rest])
  return kept.sort(([left], [right]) => (left < right ? -1 : 1)).map(([code, count]) => ({ code, count }))
}
