import type { AnswerOf } from '../../../contracts/bodies.ts'
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

/** Says whether something may be asked for with the glass broken alone. */
export function needsGlass<Action extends string>(
  action: Action,
  { breakGlassActions: byGlass }: { readonly breakGlassActions: readonly string[] },
): boolean {
  return byGlass.includes(action)
}

/** What is looked at to say what may be done with an upgrade. */
type Standing = Pick<Upgrade, 'status' | 'actions' | 'breakGlassActions' | 'requestedBy' | 'approvals'>

/**
 * Returns why an action is not possible now; undefined: it may be tried. What may be asked of an upgrade as it stands the API says; here stands
 * why not, in words, and what is so of the person who looks.
 */
export function hindrance(
  action: Action,
  { actions: possible, breakGlassActions: byGlass, status, requestedBy, approvals }: Standing,
  { roles, subject }: Session,
): string | undefined {
  const may = rolesFor(action)
  if (!roles.some((role) => may.includes(role))) return `Only for ${may.join(', ')}.`
  if (!possible.includes(action) && !byGlass.includes(action)) return whyNot(action, status)
  const isOwn = requestedBy === subject
  if (action === 'approveUpgrade') {
    if (isOwn) return 'You have asked for it: somebody else approves.'
    return approvals.some(({ by }) => by === subject) ? 'You have approved it.' : undefined
  }
  return action === 'rejectUpgrade' && isOwn ? 'You have asked for it: abort it instead.' : undefined
}

function whyNot(action: Action, status: string): string {
  const over = isOver({ status })
  switch (action) {
    case 'approveUpgrade':
      return 'Nothing waits for an approval.'
    case 'rejectUpgrade':
      return over ? 'It is over.' : 'It needs no approval, or has begun: pause or abort it.'
    case 'continueUpgrade':
      return 'Nothing waits for a person to continue.'
    case 'resumeUpgrade':
      return 'It is not paused.'
    case 'endBake':
      return 'No wave is being watched.'
    case 'retryFailed':
      return 'Nobody has failed or was left out, or another try or a rollback has them.'
    case 'rollBackUpgrade':
      return 'It has changed nobody yet, is being taken back, or is a rollback itself.'
    case 'pauseUpgrade':
    case 'abortUpgrade':
      if (over) return 'It is over.'
      if (status === 'aborting') return 'It is being aborted.'
      return status === 'paused' ? 'It is paused.' : 'It is being planned.'
  }
}

type Rollout = AnswerOf<'getRollout'>

/** What somebody may do with a rollout, and what each is called. */
export const rolloutActions = [
  ...([
    ['approveRollout', 'Approve'],
    ['rejectRollout', 'Reject'],
    ['continueRollout', 'Continue'],
  ] as const),
  ...([
    ['resumeRollout', 'Resume'],
    ['pauseRollout', 'Pause'],
    ['rollBackRollout', 'Roll back'],
  ] as const),
  ['abortRollout', 'Abort'],
] as const
export type RolloutAction = (typeof rolloutActions)[number][0]

/** Says whether somebody may try something with a rollout now, as of an upgrade. */
export function mayTry(
  action: RolloutAction,
  {
    actions: possible,
    breakGlassActions: byGlass,
    requestedBy,
    approvalsGiven,
  }: Pick<Rollout, 'actions' | 'breakGlassActions' | 'requestedBy' | 'approvalsGiven'>,
  { roles, subject }: Session,
): boolean {
  if (!possible.includes(action) && !byGlass.includes(action)) return false
  if (!roles.some((role) => rolesFor(action).includes(role))) return false
  if (action === 'approveRollout')
    return requestedBy !== subject && approvalsGiven.every(({ by }) => by !== subject)
  return action !== 'rejectRollout' || requestedBy !== subject
}
