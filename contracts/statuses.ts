/** Where an upgrade stands, as answers and filters carry it: the seeds' words, and Drydock's own for what they do not know. */
export const upgradeStatuses = [
  'pending',
  'pending_approval',
  'scheduled',
  'in_progress',
  'paused',
  'aborting',
  'aborted',
  'completed',
  'completed_with_exceptions',
  'failed',
  'rejected',
  'expired',
] as const
export type UpgradeStatusWord = (typeof upgradeStatuses)[number]

/** Where an attempt on one target stands, in the same way. */
export const attemptStatuses = [
  'pending',
  'in_progress',
  'completed',
  'failed',
  'timed_out',
  'lost',
  'rejected',
  'cancelled',
  'rolled_back',
  'rollback_failed',
  'unreachable',
  'skipped',
  'deferred',
  'withdrawn',
] as const
export type AttemptStatusWord = (typeof attemptStatuses)[number]
