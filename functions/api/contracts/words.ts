import type { UpgradeStatus } from '../../domain/upgrade/state.ts'
import { statusWords } from '../../domain/upgrade/status.ts'
import type { AttemptStatus } from '../../views/rows.ts'

const statuses = Object.keys(statusWords) as [UpgradeStatus, ...UpgradeStatus[]] // statusWords has every status

/** The words of an upgrade's status, as answers and filters carry them. */
export const upgradeStatuses = statuses.map((status) => statusWords[status])

/** The seed's word for where an attempt stands; what the seed does not know keeps its own. */
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
} as const satisfies Record<AttemptStatus, string>

export const attemptStatuses = Object.values(attemptWords)

/** Returns the domain's status for a word of the API. Throws for any other word. */
export function upgradeStatusOf(word: string): UpgradeStatus {
  const found = statuses.find((status) => statusWords[status] === word)
  if (!found) throw new Error(`No upgrade has the status ${word}.`)
  return found
}

/** Returns the domain's word for a word of the API. */
export function attemptStatusOf(word: (typeof attemptStatuses)[number]): AttemptStatus {
  const found = (Object.keys(attemptWords) as AttemptStatus[]).find((status) => attemptWords[status] === word)
  if (!found) throw new Error(`No attempt has the status ${word}.`)
  return found
}
