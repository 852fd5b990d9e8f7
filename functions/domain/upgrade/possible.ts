import { awaitsApproval } from '../standing.ts'
import { refuseExpired } from './control.ts'
import { type ExistingUpgrade, hasEnded } from './state.ts'

/** What somebody may ask of an upgrade, by the operations of the API. */
export type UpgradeAction =
  | 'approveUpgrade'
  | 'rejectUpgrade'
  | 'continueUpgrade'
  | 'resumeUpgrade'
  | 'pauseUpgrade'
  | 'endBake'
  | 'retryFailed'
  | 'rollBackUpgrade'
  | 'abortUpgrade'

/**
 * Returns what may be asked of an upgrade as it stands at an instant, whoever asks: what is not among it is refused to everybody, or would
 * change nothing. Who may, and whether there is room for it, is decided when it is asked.
 */
export function actionsOf(state: ExistingUpgrade, now: string): readonly UpgradeAction[] {
  const { succeeded, failed, unreachable } = state.standing.counts
  const back = succeeded + failed + unreachable > 0 && !state.abort?.rollBack
  const taken: readonly UpgradeAction[] = back ? ['rollBackUpgrade'] : []
  if (hasEnded(state)) return [...(failed + unreachable > 0 ? (['retryFailed'] as const) : []), ...taken]
  if (state.abort) return taken
  const { needed, demanded = [] } = state.standing.approvals
  const isPaused = state.standing.status === 'paused'
  const isPlanned = state.stage !== 'requested'
  const isExpired = refuseExpired(state, now) !== undefined
  const possible: Readonly<Record<Exclude<UpgradeAction, 'retryFailed'>, boolean>> = {
    approveUpgrade: isPlanned && awaitsApproval(state) && !isExpired,
    rejectUpgrade: state.stage === 'planned' && (needed > 0 || demanded.length > 0) && !isExpired,
    continueUpgrade: state.stage === 'between-waves' && state.awaits?.kind === 'continue',
    resumeUpgrade: isPaused && !isExpired,
    pauseUpgrade: isPlanned && !isPaused,
    endBake: state.stage === 'between-waves' && state.awaits?.kind === 'bake',
    rollBackUpgrade: back,
    abortUpgrade: true,
  }
  return Object.entries(possible).flatMap(([action, may]) => (may ? [action as UpgradeAction] : [])) // the keys are the actions
}
