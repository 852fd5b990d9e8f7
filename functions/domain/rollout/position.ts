import { type Position, secondsUntil } from '../position.ts'
import { awaitsApproval } from '../standing.ts'
import { isPassed, isRunning, nextRest, startable } from './phases.ts'
import { type ExistingRollout, exists, type RolloutState } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

/** What the execution of a rollout does next. */
export type Move =
  | 'plan'
  | 'approval'
  | 'start-phases'
  | 'phases'
  | 'rest'
  | 'person'
  | 'revert'
  | 'finish'
  | 'ended'

/**
 * Returns where the rollout stands at an instant. It depends on the log alone, so an execution that was killed is continued by another from
 * here. The place is how much has begun and ended: each wait is another, and knows how long the rest takes that it may have to wait for.
 */
export function position(state: RolloutState, now: string): Position<Move> {
  const place = exists(state) ? state.standing.begun + state.standing.over : 0
  const [move, until] = exists(state) ? moveOf(state, now) : (['plan', null] as const)
  return { move, place, timeoutSeconds: secondsUntil(until, now) }
}

function moveOf(state: ExistingRollout, now: string): readonly [Move, string | null] {
  if (state.stage === 'ended') return ['ended', null]
  const runs = state.phases.some(isRunning)
  if (state.abort) {
    if (runs) return ['phases', null]
    return [takesBack(state) ? 'revert' : 'finish', null]
  }
  if (state.stage === 'requested') return ['plan', null]
  if (awaitsApproval(state)) return ['approval', approvalDeadline(state)]
  const paused = state.standing.status === 'paused'
  if (!paused && startable(state, now).length > 0) return ['start-phases', null]
  const rests = paused ? null : (nextRest(state, now)?.until ?? null)
  if (runs) return ['phases', rests]
  if (state.phases.every(isPassed)) return ['finish', null]
  return rests === null ? ['person', null] : ['rest', rests]
}

/** Is there anything that an abort asked to be taken back, and that nobody has begun to take back? */
function takesBack({ abort, phases, children }: ExistingRollout): boolean {
  const rollback = abort?.rollback ?? null
  if (rollback === null || phases.every(({ upgrade }) => upgrade === null)) return false
  return children.every(({ child }) => child !== rollback)
}
