import { sameVersion } from '../version/identity.ts'
import { meaningOf } from './outcome.ts'
import type { ActiveAttempt, EndedAttempt, TargetState } from './state.ts'

/** What a report says of itself, by which it is known what it is about. */
export interface Said {
  /** The attempt that it names. */
  readonly attempt?: string | undefined
  /** The version that it names; left out: none, so that any attempt fits. */
  readonly names?: string | undefined
  /** Its number: an agent that numbers its reports counts up from one to the next, over all attempts. */
  readonly sequence?: number | undefined
  /** Is a later report of the active attempt known? */
  readonly behind?: boolean | undefined
}

/** Which attempt a report is about. */
export type Subject =
  | { readonly kind: 'active'; readonly attempt: ActiveAttempt }
  | { readonly kind: 'ended'; readonly attempt: EndedAttempt }
  /** It names an attempt that this target never had, as far as it knows. */
  | { readonly kind: 'stranger'; readonly attempt: string }
  /** It fits neither what is under way nor anything before. */
  | { readonly kind: 'unclear'; readonly active: ActiveAttempt; readonly last: EndedAttempt }
  | { readonly kind: 'none' }

function fits({ names, sequence }: Said, attempt: ActiveAttempt | EndedAttempt): boolean {
  const isLate = sequence !== undefined && attempt.acceptedAt !== null && sequence < (attempt.reported ?? 0)
  return !isLate && (names === undefined || sameVersion(names, attempt.to))
}

/** May a report be about the active attempt? Not when it has a number and only an attempt before it has any. */
function fitsActive(said: Said, active: ActiveAttempt, before: readonly EndedAttempt[]): boolean {
  if (said.behind || !fits(said, active)) return false
  if (said.sequence === undefined || active.acceptedAt === null || active.reported !== undefined) return true
  return !before.some((ended) => ended.reported !== undefined && fits(said, ended))
}

/** Returns whether a report without an attempt's id may be about the active attempt, by version and number. */
export function mayMeanActive({ active, attempts }: TargetState, said: Said): boolean {
  return active !== null && fitsActive(said, active, offered(attempts))
}

function offered(attempts: readonly EndedAttempt[]): readonly EndedAttempt[] {
  return attempts.filter(({ outcome }) => meaningOf(outcome).offered)
}

/**
 * Returns which attempt a report is about (design: #reports). Without a name it is the active one, if version and number fit; else the last
 * one that they fit. Where there is but one that it can be about, it is about that. `ends`: it says that the attempt is over, so that
 * it cannot be about one that nobody has accepted, where it may be about another.
 */
export function subjectOf(state: TargetState, said: Said, ends: boolean): Subject {
  const { active, attempts } = state
  const { attempt: named } = said
  if (named !== undefined) {
    if (active?.attempt === named) return { kind: 'active', attempt: active }
    const ended = attempts.findLast(({ attempt }) => attempt === named)
    return ended ? { kind: 'ended', attempt: ended } : { kind: 'stranger', attempt: named }
  }
  const before = offered(attempts)
  const last = before.at(-1)
  const earlier = before.findLast((ended) => fits(said, ended))
  if (!active) {
    const attempt = earlier ?? last
    return attempt ? { kind: 'ended', attempt } : { kind: 'none' }
  }
  const begun = active.acceptedAt !== null || !ends
  if (fitsActive(said, active, before) && (begun || !earlier)) return { kind: 'active', attempt: active }
  if (earlier) return { kind: 'ended', attempt: earlier }
  return last ? { kind: 'unclear', active, last } : { kind: 'active', attempt: active }
}
