import { sameVersion } from '../version/identity.ts'
import { meaningOf } from './outcome.ts'
import type { TargetState } from './state.ts'

/**
 * May an assignment of a rollback have nothing to take back? It was planned while a try was in flight (`from` is what that was on its way
 * to), the target runs the old version, and no try of that version has touched it since it was put back last.
 */
export function neverLeft(
  state: TargetState,
  { component, from, to }: { readonly component: string; readonly from: string; readonly to: string },
): boolean {
  const present = state.components[component]
  if (present === undefined || sameVersion(from, to) || !sameVersion(present, to)) return false
  const last = state.attempts.findLast(
    (attempt) =>
      attempt.component === component &&
      ((attempt.kind === 'rollback' && attempt.outcome === 'succeeded') ||
        (sameVersion(attempt.to, from) && meaningOf(attempt.outcome).takenBack)),
  )
  return last === undefined || last.kind === 'rollback'
}
