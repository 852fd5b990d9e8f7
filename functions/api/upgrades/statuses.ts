import type { AttemptStatusWord, UpgradeStatusWord } from '../../../contracts/statuses.ts'
import type { UpgradeStatus } from '../../domain/upgrade/status.ts'
import type { AttemptStatus } from '../../views/rows.ts'

/** The API's word for each status of an upgrade. */
export const upgradeWords = {
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
} as const satisfies Record<UpgradeStatus, UpgradeStatusWord>

/** The API's word for each status of an attempt. */
export const attemptWords = {
  assigned: 'pending',
  accepted: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  timed_out: 'timed_out',
  lost: 'lost',
  rejected: 'rejected',
  cancelled: 'cancelled',
  rolled_back: 'rolled_back',
  rollback_failed: 'rollback_failed',
  unreachable: 'unreachable',
  skipped: 'skipped',
  deferred: 'deferred',
  withdrawn: 'withdrawn',
} as const satisfies Record<AttemptStatus, AttemptStatusWord>

/** The status for each word of the API: a word that stands for none above does not compile. */
export const upgradeStatusOf: Readonly<Record<UpgradeStatusWord, UpgradeStatus>> = inverted(upgradeWords)
export const attemptStatusOf: Readonly<Record<AttemptStatusWord, AttemptStatus>> = inverted(attemptWords)

function inverted<Status extends string, Word extends string>(
  words: Readonly<Record<Status, Word>>,
): Readonly<Record<Word, Status>> {
  const pairs = Object.entries(words).map(([status, word]) => [word, status])
  return Object.fromEntries(pairs) as Record<Word, Status> // the table has these words alone, as its type says
}
