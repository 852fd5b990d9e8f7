import { awaitsApproval } from '../standing.ts'
import { refuseExpired } from './control.ts'
import { unpassed } from './phases.ts'
import { type ExistingRollout, hasEnded } from './state.ts'

/** What somebody may ask of a rollout, by the operations of the API. */
export type RolloutAction =
  | 'approveRollout'
  | 'rejectRollout'
  | 'continueRollout'
  | 'resumeRollout'
  | 'pauseRollout'
  | 'rollBackRollout'
  | 'abortRollout'

/** Returns what may be asked of a rollout as it stands at an instant, as of an upgrade. */
export function actionsOf(state: ExistingRollout, now: string): readonly RolloutAction[] {
  const back = state.request.kind !== 'rollback' && state.phases.some(({ upgrade }) => upgrade !== null)
  const taken: readonly RolloutAction[] = back && !state.abort?.rollback ? ['rollBackRollout'] : []
  if (hasEnded(state) || state.abort) return taken
  const isPlanned = state.stage === 'planned'
  const isPaused = state.standing.status === 'paused'
  const isExpired = refuseExpired(state, now) !== undefined
  const begun = state.phases.some(({ startedAt }) => startedAt !== null)
  const possible: Readonly<Record<RolloutAction, boolean>> = {
    approveRollout: isPlanned && awaitsApproval(state) && !isExpired,
    rejectRollout: isPlanned && !begun && state.standing.approvals.needed > 0 && !isExpired,
    continueRollout: unpassed(state).length > 0,
    resumeRollout: isPaused && !isExpired,
    pauseRollout: isPlanned && !isPaused,
    rollBackRollout: taken.length > 0,
    abortRollout: true,
  }
  return Object.entries(possible).flatMap(([action, may]) => (may ? [action as RolloutAction] : [])) // the keys are the actions
}
