import type { UpgradeStatus } from './state.ts'

/** The seeds' word for each status; those the seeds do not know keep their own. */
export const statusWords: Readonly<Record<UpgradeStatus, string>> = {
  requested: 'pending',
  pending_approval: 'pending_approval',
  scheduled: 'scheduled',
  running: 'in_progress',
  paused: 'paused',
  aborting: 'aborting',
  aborted: 'aborted',
  completed: 'completed',
  completed_with_exceptions: 'completed_with_exceptions',
  failed: 'failed',
  rejected: 'rejected',
  expired: 'expired',
}
