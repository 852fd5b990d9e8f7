import type { Rejection } from '../domain/rejection.ts'
import { PassingError } from '../errors.ts'
import type { Outcome } from './log.ts'

/** Others kept winning: nothing was decided, and whoever asked has to ask again with the same cause. */
export class Contended extends PassingError {
  override readonly name = 'Contended'
  constructor(stream: string) {
    super(`${stream} is contended: others kept winning.`)
  }
}

/** What became of a command that was carried out, now or before, or that there was nothing to do for. */
type CarriedOut<State, Event> = Extract<
  Outcome<State, Event, never>,
  { readonly kind: 'committed' | 'unchanged' | 'repeated' }
>
type Refused = Exclude<Outcome<unknown, unknown, Rejection>, CarriedOut<unknown, unknown>>

/** Was a command carried out, now or before, or was there nothing to do? */
export function isCarriedOut<State, Event>(
  outcome: Outcome<State, Event, unknown>,
): outcome is CarriedOut<State, Event> {
  return outcome.kind === 'committed' || outcome.kind === 'unchanged' || outcome.kind === 'repeated'
}

/** Returns why a command was not carried out. */
export function refusalOf(outcome: Refused): Rejection {
  switch (outcome.kind) {
    case 'rejected':
      return outcome.rejection
    case 'key-reused':
      return {
        code: 'idempotency-key-reused',
        detail: 'This Idempotency-Key came with another body before: use a new key.',
      }
    case 'precondition-failed':
      return {
        code: 'precondition-failed',
        detail: `It is at commit ${outcome.commit}: read it again, then decide.`,
      }
    case 'contended':
      return { code: 'contention', detail: 'Others kept writing: nothing was decided.' }
  }
}
