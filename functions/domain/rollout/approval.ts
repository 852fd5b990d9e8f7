import { accept } from '../aggregate.ts'
import { refuseApprover, refuseOtherPlan } from '../approval-rule.ts'
import { awaitsApproval } from '../standing.ts'
import { refuseExpired, rolloutNotFound } from './control.ts'
import { Draft, type RolloutDecision, refuse } from './draft.ts'
import { type ExistingRollout, exists, hasEnded } from './state.ts'

/** Returns who may not approve a rollout, since they had a part in what it does. */
export function authorsOf({
  requestedBy,
  request,
}: Pick<ExistingRollout, 'requestedBy' | 'request'>): readonly string[] {
  return [requestedBy, ...(request.authors ?? [])]
}

function refuseHere(state: ExistingRollout, by: string) {
  const asked = by === state.requestedBy ? 'asked for this rollout' : 'has edited what this rollout does'
  const part = authorsOf(state).includes(by) ? asked : undefined
  return refuseApprover('rollout', state.request.approvals, by, part)
}

function nothingToApprove({ standing }: ExistingRollout) {
  return refuse('nothing-to-approve', `The rollout waits for no approval: it is ${standing.status}.`)
}

/** Approves the plans of all phases by their common hash: the approval counts for these alone (S5). */
export function approveRollout(command: {
  by: string
  planHash: string
  comment: string | null
}): RolloutDecision {
  return (state, now) => {
    if (!exists(state)) return rolloutNotFound
    const refused = refuseHere(state, command.by)
    if (refused) return refused
    const { planHash } = state
    if (planHash === null) return refuse('not-planned', 'The rollout has no plan yet that could be approved.')
    const changed = refuseOtherPlan(planHash, command.planHash)
    if (changed) return changed
    if (state.approvals.some(({ by }) => by === command.by)) return accept()
    if (hasEnded(state) || state.abort || !awaitsApproval(state)) return nothingToApprove(state)
    const expired = refuseExpired(state, now)
    if (expired) return expired
    const draft = new Draft(state, now)
    draft.add({ type: 'ApprovalGiven', data: { ...command, planHash } })
    return draft.decision()
  }
}

/** Rejects a rollout that needs approvals and has not begun, approved or not. */
export function rejectRollout({
  planHash,
  ...command
}: {
  by: string
  reason: string
  /** Of the plan that is rejected; left out: whatever it is. */
  planHash?: string | undefined
}): RolloutDecision {
  return (state, now) => {
    if (!exists(state)) return rolloutNotFound
    if (state.standing.status === 'rejected') return accept()
    const refused = refuseHere(state, command.by)
    if (refused) return refused
    const begun = state.phases.some(({ startedAt }) => startedAt !== null)
    const needed = state.standing.approvals.needed > 0
    if (state.stage !== 'planned' || begun || state.abort || !needed) return nothingToApprove(state)
    const changed = refuseOtherPlan(state.planHash, planHash)
    if (changed) return changed
    const expired = refuseExpired(state, now)
    if (expired) return expired
    const draft = new Draft(state, now)
    draft.add({ type: 'RolloutRejected', data: command })
    return draft.decision()
  }
}
