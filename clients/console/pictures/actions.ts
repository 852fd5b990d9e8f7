import { rolesFor } from '../../../contracts/routes.ts'
import type { Upgrade } from '../answers.ts'
import type { Session } from '../person.ts'

/** What somebody may do with an upgrade. */
export const actions = [
  ...(['approveUpgrade', 'rejectUpgrade', 'continueUpgrade', 'resumeUpgrade', 'pauseUpgrade'] as const),
  ...(['endBake', 'retryFailed', 'rollBackUpgrade', 'abortUpgrade'] as const),
]
export type Action = (typeof actions)[number]

/** What each is called: the same word as everywhere else. */
export const actionWords: Readonly<Record<Action, string>> = {
  ...{ approveUpgrade: 'Approve', rejectUpgrade: 'Reject', continueUpgrade: 'Continue' },
  ...{ resumeUpgrade: 'Resume', pauseUpgrade: 'Pause', endBake: 'End the watch' },
  ...{ retryFailed: 'Retry failed', rollBackUpgrade: 'Roll back', abortUpgrade: 'Abort' },
}

const ended = ['completed', 'completed_with_exceptions', 'failed', 'aborted', 'rejected', 'expired']

/** Says whether an upgrade is over. */
export function isOver({ status }: { readonly status: string }): boolean {
  return ended.includes(status)
}

/** What is looked at to say what may be done. */
type Standing = Pick<
  Upgrade,
  'status' | 'holds' | 'requestedBy' | 'completed' | 'failed' | 'unreachable' | 'planHash' | 'rolledBack'
>

/**
 * Returns why an action is not possible now; undefined: it may be tried. The API decides; this says beforehand what it would say, so that
 * nobody has to try.
 */
export function hindrance(
  action: Action,
  upgrade: Standing,
  { roles, subject }: Session,
): string | undefined {
  const may = rolesFor(action)
  if (!roles.some((role) => may.includes(role))) return `Only for ${may.join(', ')}.`
  const { status, holds, requestedBy, planHash } = upgrade
  const over = isOver(upgrade)
  const holdsFor = (code: string) => holds.some((hold) => hold.code === code)
  const isOwn = requestedBy === subject
  switch (action) {
    case 'approveUpgrade':
      if (!holdsFor('APPROVAL') || planHash === null) return 'Nothing waits for an approval.'
      return isOwn ? 'You have asked for it: somebody else approves.' : undefined
    case 'rejectUpgrade':
      if (
        over ||
        !['pending_approval', 'scheduled', 'paused', 'pending'].includes(status) ||
        upgrade.completed > 0
      )
        return over ? 'It is over.' : 'It has begun: pause or abort it.'
      return isOwn ? 'You have asked for it: abort it instead.' : undefined
    case 'continueUpgrade':
      return holdsFor('CONTINUE') ? undefined : 'Nothing waits for a person to continue.'
    case 'resumeUpgrade':
      return status === 'paused' ? undefined : 'It is not paused.'
    case 'pauseUpgrade':
      if (over) return 'It is over.'
      if (status === 'aborting') return 'It is being aborted.'
      return status === 'paused' ? 'It is paused.' : undefined
    case 'endBake':
      return holdsFor('BAKING') ? undefined : 'No wave is being watched.'
    case 'retryFailed':
      if (!over) return 'It is not over yet.'
      return upgrade.failed + upgrade.unreachable > 0 ? undefined : 'Nobody has failed.'
    case 'rollBackUpgrade':
      return upgrade.completed + upgrade.failed + upgrade.unreachable > 0
        ? undefined
        : 'It has changed nobody yet.'
    case 'abortUpgrade':
      if (over) return 'It is over.'
      return status === 'aborting' ? 'It is being aborted.' : undefined
  }
}
