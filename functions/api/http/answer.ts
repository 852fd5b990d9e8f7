import type { Checked, Contract } from '../../../contracts/contract.ts'
import type { Rejection } from '../../domain/rejection.ts'
import type { Loaded, Metadata, Outcome } from '../../log/log.ts'
import { isCarriedOut, refusalOf } from '../../log/outcome.ts'
import type { IdempotencyKey, Principal } from './exchange.ts'
import { asProblem } from './problem.ts'

/** A checked request, as an operation gets it. */
export interface Input<C extends Contract> extends Checked<C> {
  readonly principal: Principal
  readonly correlation: string
  readonly idempotency: IdempotencyKey | null
  /** The commit that If-Match names. */
  readonly ifMatch: number | null
  /** The commit that the caller has written and wants to see in the answer (`Drydock-Commit`). */
  readonly seen: number | null
  /** Says that the caller has just been let through to a member of its own: it is counted as a gateway. */
  speaksForMember(): void
}

/** What an operation answers. */
export interface Answer {
  readonly status: number
  readonly body: object
  /** Markdown, which is sent in place of the body. */
  readonly markdown?: string
  /** Text as Prometheus reads it (OpenMetrics 1.0), which is sent in place of the body. */
  readonly openMetrics?: string
  /** A zip file under its name, which is sent in place of the body. */
  readonly zip?: { readonly name: string; readonly bytes: Uint8Array }
  /** Where what follows is found; becomes a `Link` to the next. */
  readonly next?: string
  /** The commit that was written; becomes `Drydock-Commit`. */
  readonly commit?: number
  /** The commit that was read; becomes `ETag`. */
  readonly etag?: number
  /** What the `ETag` stands for, where more is in the body than the caller has to hear of. */
  readonly tagged?: object
  /** Returns the body with what is made only where it is sent, since that costs: not for a caller who has the answer. The `ETag` knows nothing of it. */
  whenSent?(): Promise<object>
  /** In how many seconds the caller is to ask again; becomes `Drydock-Next-Check`, which is sent where nothing else is. */
  readonly nextCheck?: number
  readonly location?: string
  /** Nothing has changed, and many ask all the time: the request is not worth a line of the log. */
  readonly quiet?: boolean
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

/** Returns the stream after a command; what refused it becomes a problem of the same code. */
export function accepted<State, Event>(outcome: Outcome<State, Event, Rejection>): Loaded<State> {
  if (isCarriedOut(outcome)) return outcome.loaded
  throw asProblem(refusalOf(outcome))
}
