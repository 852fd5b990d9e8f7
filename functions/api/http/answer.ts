import type { Checked, Contract } from '../../../contracts/contract.ts'
import type { Loaded, Metadata, Outcome } from '../../log/log.ts'
import type { IdempotencyKey, Principal } from './exchange.ts'
import { Problem } from './problem.ts'

/** A checked request, as an operation gets it. */
export interface Input<C extends Contract> extends Checked<C> {
  readonly principal: Principal
  readonly correlation: string
  readonly idempotency: IdempotencyKey | null
  /** The commit that If-Match names. */
  readonly ifMatch: number | null
  /** The commit that the caller has written and wants to see in the answer (`Drydock-Commit`). */
  readonly seen: number | null
}

/** What an operation answers. */
export interface Answer {
  readonly status: number
  readonly body: object
  /** The commit that was written; becomes `Drydock-Commit`. */
  readonly commit?: number
  /** The commit that was read; becomes `ETag`. */
  readonly etag?: number
  readonly location?: string
}

/** Returns who asks, why, and what makes a repeat recognisable, as the log keeps it. */
export function metadataOf(input: {
  readonly principal: Principal
  readonly correlation: string
  readonly idempotency: IdempotencyKey | null
  readonly ifMatch: number | null
}): Metadata {
  const { principal, correlation, idempotency, ifMatch } = input
  return {
    actor: principal.id,
    correlation,
    causation: `request:${principal.kind}:${correlation}`,
    ...(idempotency && { idempotency: { key: idempotency.id, hash: idempotency.bodyHash } }),
    ...(ifMatch !== null && { expectedCommit: ifMatch }),
  }
}

/** Returns the stream after a command; what refused it becomes a problem with the rejection's code. */
export function settled<State, Event>(
  outcome: Outcome<State, Event, { readonly code: string; readonly detail: string }>,
): Loaded<State> {
  switch (outcome.kind) {
    case 'committed':
    case 'unchanged':
    case 'repeated':
      return outcome.loaded
    case 'rejected':
      throw new Problem(outcome.rejection.code, outcome.rejection.detail)
    case 'key-reused':
      throw new Problem(
        'idempotency-key-reused',
        'This Idempotency-Key came with another body before: use a new key.',
      )
    case 'precondition-failed':
      throw new Problem(
        'precondition-failed',
        `It is at commit ${outcome.commit}: read it again, then decide.`,
      )
    case 'contended':
      throw new Problem('contention', 'Others kept writing.', { retryAfterSeconds: 1 })
  }
}
