import { meaningOf } from '../target/outcome.ts'
import { confirmedBefore, type EndedAttempt, type TargetState } from '../target/state.ts'
import { sameVersion } from '../version/identity.ts'
import { type Candidate, candidateOf } from './candidate.ts'

/** The upgrades of a family by what they do: those that try a version, and those that take it back. */
export interface FamilyIds {
  readonly tries: ReadonlySet<string>
  readonly rollbacks: ReadonlySet<string>
}

/** A target that a family changed, or may have. */
export interface Touched {
  readonly target: string
  /** What it ran when it was planned for the first try that touched it. */
  readonly from: string
  /** What the family is about. */
  readonly to: string
  /** Does a try still have it in flight, so that nobody knows yet what comes of it? */
  readonly inFlight: boolean
}

/** Who put there, by an upgrade, what a component runs. */
function putBy(state: TargetState, component: string): EndedAttempt | undefined {
  return state.attempts.findLast(
    (attempt) => attempt.component === component && attempt.outcome === 'succeeded',
  )
}

/** Did a later upgrade that is not of the family put another version there? One that took such a version back again did not. */
function movedOn(state: TargetState, component: string, { to }: Touched, { tries, rollbacks }: FamilyIds) {
  const last = putBy(state, component)
  if (!last || tries.has(last.upgrade) || rollbacks.has(last.upgrade)) return false
  if (last.kind === 'rollback' && sameVersion(last.to, to)) return false
  // A target keeps its last attempts only: where it knows of none of the family any more, whatever it knows came later.
  const first = state.attempts.findIndex(
    ({ upgrade, acceptedAt }) => tries.has(upgrade) && acceptedAt !== null,
  )
  return state.attempts.indexOf(last) > first
}

/** Is it taken back already: by a rollback of the family, or by itself, as its agent says? */
function isBack(state: TargetState, component: string, to: string, { rollbacks }: FamilyIds): boolean {
  const present = state.components[component]
  if (present === undefined || !sameVersion(present, to)) return false
  if (Object.hasOwn(state.drift, component)) return true
  const last = state.attempts.findLast(
    (attempt) => attempt.component === component && meaningOf(attempt.outcome).touched,
  )
  return last !== undefined && rollbacks.has(last.upgrade) && last.outcome === 'succeeded'
}

/**
 * Returns a target as the rollback of a family sees it: it goes back to the last version confirmed before the family first tried it
 * (design: #children). What is in flight goes back from what it is on its way to.
 */
export function wayBack(
  touched: Touched,
  state: TargetState,
  component: string,
  family: FamilyIds,
): Candidate {
  const candidate = candidateOf(touched.target, state, component)
  // A target keeps its last attempts only; what the first plan saw is the same version.
  const to = confirmedBefore(state, family.tries, component) ?? touched.from
  const ours = state.active !== null && family.tries.has(state.active.upgrade)
  const back = { ...candidate, to, ...(ours && { active: null }) }
  if (touched.inFlight || ours) return { ...back, from: candidate.from && touched.to }
  if (isBack(state, component, to, family)) return { ...back, excluded: 'already_at_version' }
  const drifted = Object.hasOwn(state.drift, component) ? state.drift[component] : undefined
  const elsewhere = drifted !== undefined && !sameVersion(drifted.to, touched.to)
  return elsewhere || movedOn(state, component, touched, family) ? { ...back, excluded: 'moved_on' } : back
}
