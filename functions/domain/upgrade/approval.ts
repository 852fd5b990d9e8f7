import { accept } from '../aggregate.ts'
import { refuseApprover } from '../approval-rule.ts'
import { awaitsApproval } from '../standing.ts'
import { sameTime, type Window } from '../window.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { authorsOf } from './approvers.ts'
import { refuseExpired, refuseNoRoom, upgradeNotFound } from './control.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { type ExistingUpgrade, exists, hasEnded, isPlanned, type PlannedUpgrade } from './state.ts'

/** Returns by which part that somebody had in it they do not approve it, as words of a sentence; undefined: by none. */
function partOf(state: ExistingUpgrade, by: string): string | undefined {
  if (!authorsOf(state).includes(by)) return undefined
  if (by === state.requestedBy) return 'asked for this upgrade'
  return state.request.authors?.includes(by)
    ? 'has edited the profile of this upgrade since one was last approved'
    : 'moved the window of this upgrade'
}

function refuseHere(state: ExistingUpgrade, by: string) {
  return refuseApprover('upgrade', state.request.approvals, by, partOf(state, by))
}

function nothingToApprove({ standing }: ExistingUpgrade) {
  return refuse('nothing-to-approve', `The upgrade waits for no approval: it is ${standing.status}.`)
}

/** Who approves without naming a window means that of the request, which the plan's hash covers. */
function refuseUnseenWindow({ window, request }: PlannedUpgrade, seen: Window | null = request.window) {
  if (sameTime(window, seen)) return undefined
  const present = window ? `from ${window.start} to ${window.end}` : 'none'
  return refuse('window-changed', `The window is ${present}: look at it, then approve with \`window\`.`)
}

/** Approves the plan of a hash in the window that it has: the approval counts for these alone. */
export function approveUpgrade(
  command: {
    by: string
    planHash: string
    comment: string | null
    /** The window that whoever approves has seen; null: none. Left out: that of the request. */
    window?: Window | null
  },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const refused = refuseHere(state, command.by)
    if (refused) return refused
    if (!isPlanned(state) && !(hasEnded(state) && state.plan))
      return refuse('not-planned', 'The upgrade has no plan yet that could be approved.')
    const { planHash = '' } = state.plan ?? {}
    if (command.planHash !== planHash) {
      return refuse(
        'plan-changed',
        `The plan is ${planHash}, not ${command.planHash}: look at it before you approve.`,
      )
    }
    if (state.approvals.some((approval) => approval.by === command.by)) return accept()
    if (hasEnded(state) || state.abort || !awaitsApproval(state)) return nothingToApprove(state)
    const unseen = refuseUnseenWindow(state, command.window)
    if (unseen) return unseen
    const late = refuseExpired(state, now) ?? refuseNoRoom(state, facts, now, state.window ?? undefined)
    if (late) return late
    const draft = new Draft(state, now)
    const { by, comment } = command
    draft.add({ type: 'ApprovalGiven', data: { by, planHash, window: state.window, comment } })
    advance(draft, facts)
    return draft.decision()
  }
}

/** Rejects an upgrade that needs approvals and has not begun: also when it has them, as an approver may have second thoughts. */
export function rejectUpgrade(command: { by: string; reason: string }): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const { status } = state.standing
    if (status === 'rejected') return accept()
    const refused = refuseHere(state, command.by)
    if (refused) return refused
    const needed = state.standing.approvals.needed > 0
    if (state.stage !== 'planned' || state.abort || !needed) return nothingToApprove(state)
    const late = refuseExpired(state, now)
    if (late) return late
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradeRejected', data: command })
    return draft.decision()
  }
}
