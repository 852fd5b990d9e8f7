import type { AttemptOutcome } from '../../../events/target.ts'

/** What follows from the way in which an attempt ended. */
interface Meaning {
  /** What the member counts as, once it waits for no other admission. */
  readonly counts: 'succeeded' | 'failed' | 'unreachable' | 'skipped'
  /** May what the target runs have been changed by it? */
  readonly touched: boolean
  /** Does a rollback of the upgrade take the target back? One that took itself back need not be. */
  readonly takenBack: boolean
  /** Does another try of the failed ones take it? A target whose own rollback failed is quarantined: a person looks at it first. */
  readonly triedAgain: boolean
  /** May its target call it worth another try by the same upgrade? */
  readonly retryable: boolean
  /** Is the slot given back, so that the member is admitted again as if nothing had been? */
  readonly givenBack: boolean
  /** Was it offered to the target, so that a report without an attempt's id may mean it? */
  readonly offered: boolean
  /** Was it the target that said so? */
  readonly reported: boolean
  /** Was it decided without the target, which may know better, too late for the upgrade? */
  readonly presumed: boolean
}

const nothing = {
  touched: false,
  takenBack: false,
  triedAgain: false,
  retryable: false,
  givenBack: false,
  offered: true,
  reported: false,
  presumed: false,
} as const

/** What each end of an attempt means: every rule that depends on it asks here. */
const meanings = {
  succeeded: { ...nothing, counts: 'succeeded', touched: true, takenBack: true, reported: true },
  failed: {
    ...nothing,
    counts: 'failed',
    touched: true,
    takenBack: true,
    triedAgain: true,
    retryable: true,
    reported: true,
  },
  timed_out: {
    ...nothing,
    counts: 'failed',
    touched: true,
    takenBack: true,
    triedAgain: true,
    presumed: true,
  },
  lost: { ...nothing, counts: 'failed', touched: true, takenBack: true, triedAgain: true, presumed: true },
  rejected: { ...nothing, counts: 'failed', triedAgain: true, retryable: true, reported: true },
  cancelled: { ...nothing, counts: 'skipped', touched: true, takenBack: true },
  rolled_back: {
    ...nothing,
    counts: 'failed',
    touched: true,
    triedAgain: true,
    retryable: true,
    reported: true,
  },
  rollback_failed: { ...nothing, counts: 'failed', touched: true, takenBack: true, reported: true },
  unreachable: { ...nothing, counts: 'unreachable', triedAgain: true, presumed: true },
  skipped: { ...nothing, counts: 'skipped', offered: false },
  deferred: { ...nothing, counts: 'skipped', givenBack: true, offered: false },
  withdrawn: { ...nothing, counts: 'skipped', givenBack: true },
} as const satisfies Readonly<Record<AttemptOutcome, Meaning>>

/** Returns what an end means. */
export function meaningOf(outcome: AttemptOutcome): Meaning {
  return meanings[outcome]
}

/** An end that a code comes with and that the target may call worth another try. */
interface Failure {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly retryable: boolean
}

/** May the upgrade itself try again after this end? Only where its target calls it retryable, and never after a critical failure. */
export function isRetryable({ outcome, code, retryable }: Failure): boolean {
  return meaningOf(outcome).retryable && retryable && !isCritical(code)
}

const criticalPrefix = 'CRITICAL_'

/** Is this the code of a failure that nothing may be tried again after, and that takes a profile out of service (P13)? */
export function isCritical(code: string | null): boolean {
  return code?.startsWith(criticalPrefix) ?? false
}

/** Is an end that of an attempt? Who was passed over or given back has had none. */
export function endsAttempt(outcome: AttemptOutcome): boolean {
  const { counts, touched } = meaningOf(outcome)
  return touched || counts !== 'skipped'
}
