import type { rolloutHoldPhrases } from '../../../events/phrases.ts'
import { awaitsApproval } from '../standing.ts'
import { isPassed, nextRest } from './phases.ts'
import type { ExistingRollout } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

export type HoldCode = keyof typeof rolloutHoldPhrases

/** A reason why the rollout does not begin what is left of it now. */
export interface Hold {
  readonly code: HoldCode
  readonly since: string
  readonly until: string | null
  /** The phase, or the reason, that it is about. */
  readonly ref: string | null
  /** When the wait ends by itself, if nothing else has ended it; null: it does not. */
  readonly lapses: string | null
  /** What ends it, in words for the person who reads it. */
  readonly unblock: string
}

/** Returns why a rollout does not begin what is left of it, at an instant: it follows from its state alone. */
export function holdsOf(state: ExistingRollout, now: string): Hold[] {
  if (state.stage === 'ended' || state.abort) return []
  const holds: Hold[] = []
  const hold = (code: HoldCode, since: string, unblock: string, more: Partial<Hold> = {}) =>
    holds.push({ code, since, until: null, ref: null, lapses: null, unblock, ...more })
  if (state.stage === 'planned' && awaitsApproval(state)) {
    const lapses = approvalDeadline(state)
    const words = `Somebody entitled approves the plan of all phases; it expires at ${lapses}.`
    const broken = state.request.breakGlass
      ? `Somebody else than who asked approves that it runs while everything is stopped; it expires at ${lapses}.`
      : words
    const ref = state.request.breakGlass ? 'break-glass' : null
    hold('APPROVAL', state.plannedAt ?? state.requestedAt, broken, { ref, lapses })
  }
  if (state.paused)
    hold('OPERATOR', state.paused.at, 'An operator resumes or aborts.', { ref: state.paused.reason })
  for (const { name, end, overtaken, accepted, ...phase } of state.phases) {
    if (end === null || isPassed({ name, end, overtaken, accepted, ...phase })) continue
    const choices = 'Somebody lets those go on that depend on it (continue), or aborts or rolls back.'
    if (!end.passed) hold('PHASE_FAILED', end.at, choices, { ref: name })
    else
      hold('PHASE_OVERTAKEN', end.at, `What it had put there is not there any more. ${choices}`, {
        ref: name,
      })
  }
  const rest = nextRest(state, now)
  if (rest && !state.paused)
    hold('RESTING', rest.since, 'The pause after a phase ends.', { until: rest.until })
  return holds
}
