import type { ProcedureDocument } from '../../../events/procedure.ts'
import type { StepEnd } from '../target/procedure.ts'
import type { ProcedureProgress } from '../target/state.ts'
import { actionIn, inverseOf, type NamedAction } from './steps.ts'

/** What an attempt comes to next: a step, or its end. */
export type Next =
  | { readonly kind: 'step'; readonly place: number; readonly action: NamedAction }
  | { readonly kind: 'end'; readonly as: 'succeeded' | 'failed' | 'rolled_back' | 'rollback_failed' }

/** Returns what comes next in a procedure. Throws a RangeError where the log names a step that the document does not have. */
export function nextIn(document: ProcedureDocument, progress: ProcedureProgress): Next {
  const { direction, passed, back, failure, stopped } = progress
  if (stopped) return { kind: 'end', as: direction === 'there' ? 'failed' : 'rollback_failed' }
  const id = direction === 'there' ? document.steps[passed]?.id : back[passed]
  if (id === undefined)
    return { kind: 'end', as: failure || direction === 'back' ? 'rolled_back' : 'succeeded' }
  const action = actionIn(document, direction, id)
  if (!action) throw new RangeError(`The procedure has no step ${id} on the way ${direction}.`)
  return { kind: 'step', place: passed, action }
}

/**
 * Returns the steps that are undone, in their order, with those that show afterwards that the target is well: all that have begun, the one
 * that failed as well, since it may have been done in part. Empty: there is nothing to undo.
 */
export function wayBackOf(document: ProcedureDocument, begun: readonly string[]): string[] {
  const undone = document.steps
    .filter((step) => begun.includes(step.id) && inverseOf(step) !== undefined)
    .map(({ id }) => id)
    .reverse()
  return undone.length === 0 ? [] : [...undone, ...document.verifyWayBack.map(({ id }) => id)]
}

/** Returns what follows when a step fails: what its document says, and on the way back nothing more. One that has not begun is not undone. */
export function afterFailure(
  document: ProcedureDocument,
  { outcomes }: Pick<ProcedureProgress, 'outcomes'>,
  { direction, id }: Pick<NamedAction, 'direction' | 'id'>,
  hasBegun = true,
): NonNullable<StepEnd['then']> {
  if (direction === 'back') return { wayBack: [] }
  const step = document.steps.find((one) => one.id === id)
  if (step?.onFailure === 'continue') return 'continue'
  if (step?.onFailure === 'stop') return { wayBack: [] }
  const begun = Object.keys(outcomes).filter((one) => outcomes[one] !== 'skipped')
  return { wayBack: wayBackOf(document, hasBegun ? [...begun, id] : begun) }
}
