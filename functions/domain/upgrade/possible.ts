import { possible } from '../possible.ts'
import { awaitsApproval } from '../standing.ts'
import {
  type ChildCommand,
  type ChildKind,
  inFamily,
  refuseAnnounced,
  refuseSibling,
  type Sibling,
} from './children.ts'
import { mayAbort, refuseExpired } from './control.ts'
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

/** What may be asked of an upgrade depends on in its family. */
export interface Relatives {
  readonly root: string
  readonly siblings: readonly Sibling[]
  /** The root and its retries. */
  readonly tries: readonly { readonly id: string; readonly state: ExistingUpgrade }[]
  /** Has any try touched a target that can go back, or may one that is in flight have begun? Not where all of them were taken back. */
  readonly touched: boolean
  /** Would another try of the upgrade itself take any member, the skipped ones included? */
  readonly again: boolean
}

/** With the glass broken, or without: `breakGlass` is there or not. */
type Glass = Pick<ChildCommand, 'breakGlass'>
const broken: Glass = { breakGlass: '' }

/** Has the family room for a child of an upgrade? */
function hasRoom(
  kind: ChildKind,
  parent: string,
  state: ExistingUpgrade,
  { root, siblings }: Relatives,
  glass: Glass = {},
) {
  const command = inFamily({ parent, kind, by: state.requestedBy, ...glass }, state, root)
  return !('rejected' in command) && refuseSibling(command, siblings) === undefined
}

function mayTakeBack(id: string, state: ExistingUpgrade, family: Relatives, glass: Glass = {}): boolean {
  const announced = refuseAnnounced(glass, family.tries) !== undefined
  return family.touched && !announced && hasRoom('rollback', id, state, family, glass)
}

/** Returns what may be asked of an upgrade with the glass broken alone: one that a stop holds must not hold up one that it does not hold. */
export function glassActionsOf(
  id: string,
  state: ExistingUpgrade,
  family: Relatives,
): readonly UpgradeAction[] {
  const rollBackUpgrade = mayTakeBack(id, state, family, broken) && !mayTakeBack(id, state, family)
  return possible<UpgradeAction>({ rollBackUpgrade })
}

/**
 * Returns what may be asked of an upgrade as it stands at an instant, whoever asks: what is not among it is refused to everybody, or would change
 * nothing, but for a resume that moves the window of what is not paused, and for what {@link glassActionsOf} returns. Who may, whether there is
 * room for it, and which targets of those touched or failed are left for a rollback or another try, is decided when it is asked.
 */
export function actionsOf(
  id: string,
  state: ExistingUpgrade,
  family: Relatives,
  now: string,
): readonly UpgradeAction[] {
  const children = {
    retryFailed: family.again && hasRoom('retry', id, state, family),
    rollBackUpgrade: mayTakeBack(id, state, family),
  }
  return [...ownActionsOf(state, now), ...possible<UpgradeAction>(children)]
}

/** Returns what of that the stream of an upgrade alone decides: all but its children. */
export function ownActionsOf(state: ExistingUpgrade, now: string): readonly UpgradeAction[] {
  if (hasEnded(state)) return []
  if (state.abort) return possible<UpgradeAction>({ abortUpgrade: mayAbort(state) })
  const { needed, demanded = [] } = state.standing.approvals
  const isPaused = state.standing.status === 'paused'
  const isPlanned = state.stage !== 'requested'
  const isExpired = refuseExpired(state, now) !== undefined
  return possible<UpgradeAction>({
    approveUpgrade: isPlanned && awaitsApproval(state) && !isExpired,
    rejectUpgrade: state.stage === 'planned' && (needed > 0 || demanded.length > 0) && !isExpired,
    continueUpgrade: state.stage === 'between-waves' && state.awaits?.kind === 'continue',
    resumeUpgrade: isPaused && !isExpired,
    pauseUpgrade: isPlanned && !isPaused,
    endBake: state.stage === 'between-waves' && state.awaits?.kind === 'bake',
    abortUpgrade: mayAbort(state),
  } satisfies Record<Exclude<UpgradeAction, 'retryFailed' | 'rollBackUpgrade'>, boolean>)
}
