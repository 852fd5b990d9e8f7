import { accept } from '../aggregate.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { refuseExpired, refuseNoRoom, upgradeNotFound } from './control.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { type ExistingUpgrade, exists, hasEnded, isPlanned } from './state.ts'
import { awaitsApproval } from './wake-up.ts'

/** Refuses what an approver may not do: approve twice is fine, approve one's own request never is. */
function refuseApprover({ request, requestedBy }: ExistingUpgrade, by: string) {
  if (by === requestedBy) {
    return refuse(
      'self-approval',
      `${by} asked for this upgrade and cannot also approve it: somebody else has to.`,
    )
  }
  const { approvers } = request.approvals
  if (approvers && !approvers.includes(by)) {
    return refuse(
      'not-an-approver',
      `${by} is not among the approvers of this upgrade: ${approvers.join(', ')}.`,
    )
  }
  return undefined
}

function nothingToApprove({ standing }: ExistingUpgrade) {
  return refuse('nothing-to-approve', `The upgrade waits for no approval: it is ${standing.status}.`)
}

/** Approves the plan of a hash; the approval counts for that plan alone. */
export function approveUpgrade(
  command: {
    by: string
    planHash: string
    comment: string | null
  },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const refused = refuseApprover(state, command.by)
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
    const { status, resumesTo } = state.standing
    const pending = status === 'paused' ? resumesTo : status
    if (hasEnded(state) || pending !== 'pending_approval') return nothingToApprove(state)
    const late = refuseExpired(state, now) ?? refuseNoRoom(state, facts, now, state.window ?? undefined)
    if (late) return late
    const draft = new Draft(state, now)
    draft.add({ type: 'ApprovalGiven', data: command })
    advance(draft, facts)
    return draft.decision()
  }
}

/** Rejects an upgrade that waits for its approval. */
export function rejectUpgrade(command: { by: string; reason: string }): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const { status } = state.standing
    if (status === 'rejected') return accept()
    const refused = refuseApprover(state, command.by)
    if (refused) return refused
    const waits = state.stage === 'planned' && awaitsApproval(state) && !state.abort
    if (!waits) return nothingToApprove(state)
    const late = refuseExpired(state, now)
    if (late) return late
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradeRejected', data: command })
    return draft.decision()
  }
}
