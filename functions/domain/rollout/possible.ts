import { possible } from '../possible.ts'
import { awaitsApproval } from '../standing.ts'
import { type LivingRollback, mayAbort, mayTakeBack, refuseExpired } from './control.ts'
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

/** Returns what may be asked of a rollout with the glass broken alone, as of an upgrade. */
export function glassActionsOf(
  state: ExistingRollout,
  living: readonly LivingRollback[],
): readonly RolloutAction[] {
  const [glass, none] = [true, false].map((breakGlass) => mayTakeBack(state, living, { breakGlass }))
  return possible<RolloutAction>({ rollBackRollout: glass === true && none === false })
}

/**
 * Returns what may be asked of a rollout as it stands at an instant, as of an upgrade, beside those that take it back now: what is not among it is
 * refused to everybody, or would change nothing, but for what {@link glassActionsOf} returns. Whether there is anything left to take back is
 * decided when it is asked.
 */
export function actionsOf(
  state: ExistingRollout,
  living: readonly LivingRollback[],
  now: string,
): readonly RolloutAction[] {
  const takenBack = mayTakeBack(state, living, { breakGlass: false })
  if (hasEnded(state)) return possible<RolloutAction>({ rollBackRollout: takenBack })
  if (state.abort)
    return possible<RolloutAction>({ rollBackRollout: takenBack, abortRollout: mayAbort(state) })
  const isPlanned = state.stage === 'planned'
  const isPaused = state.standing.status === 'paused'
  const isExpired = refuseExpired(state, now) !== undefined
  const begun = state.phases.some(({ startedAt }) => startedAt !== null)
  return possible<RolloutAction>({
    approveRollout: isPlanned && awaitsApproval(state) && !isExpired,
    rejectRollout: isPlanned && !begun && state.standing.approvals.needed > 0 && !isExpired,
    continueRollout: unpassed(state).length > 0,
    resumeRollout: isPaused && !isExpired,
    pauseRollout: isPlanned && !isPaused,
    rollBackRollout: takenBack,
    abortRollout: mayAbort(state),
  } satisfies Record<RolloutAction, boolean>)
}
