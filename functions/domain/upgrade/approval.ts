import { accept } from '../aggregate.ts'
import { refuseApprover, refuseOtherPlan } from '../approval-rule.ts'
import { type ApprovingRole, counts, type Demand } from '../rules/demands.ts'
import { awaitsApproval } from '../standing.ts'
import { sameTime, type Window } from '../window.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { authorsOf } from './approvers.ts'
import { refuseExpired, refuseNoRoom, upgradeNotFound } from './control.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { demandApprovals } from './heed-policies.ts'
import { type ExistingUpgrade, exists, hasEnded, isPlanned, type PlannedUpgrade } from './state.ts'

/** Returns by which part that somebody had in it they do not approve it, as words of a sentence; undefined: by none. */
function partOf(state: ExistingUpgrade, by: string): string | undefined {
  if (!authorsOf(state).includes(by)) return undefined
  if (by === state.requestedBy) return 'asked for this upgrade'
  return state.request.authors?.includes(by)
    ? 'has edited the profile of this upgrade since one was last approved'
    : 'moved the window of this upgrade'
}

/** Refuses who had a part in it, and whose word counts for nothing that is asked for: by the request, or by a policy. */
function refuseHere(state: ExistingUpgrade, demands: readonly Demand[], by: string, role: ApprovingRole) {
  const part = partOf(state, by)
  const others = demands.some((demand) => counts(demand, by, role))
  if (part === undefined && others) return undefined
  return refuseApprover('upgrade', state.request.approvals, by, part)
}

/** What an approval counts for; undefined where no policy asks for any, as then it counts for the request. */
function countedFor(
  { request, standing }: PlannedUpgrade,
  demands: readonly Demand[],
  by: string,
  role: ApprovingRole,
) {
  const { needed, given, demanded = [] } = standing.approvals
  if (demanded.length === 0) return undefined
  const { approvers } = request.approvals
  return {
    request: given < needed && (approvers === null || approvers.includes(by)),
    policies: demands.flatMap((demand) => (counts(demand, by, role) ? [demand.policy] : [])),
  }
}

/** Returns why an approval that counts for nothing that is lacking is not taken; undefined: it counts. */
function refuseIdle({ standing }: PlannedUpgrade, counted: ReturnType<typeof countedFor>, by: string) {
  if (!counted) return undefined
  const { demanded = [] } = standing.approvals
  const lacking = demanded.filter(({ given, required }) => given < required).map(({ policy }) => policy)
  if (counted.request || counted.policies.some((policy) => lacking.includes(policy))) return undefined
  const whose = lacking.length === 0 ? 'whom the request names' : `whom policy ${lacking.join(', ')} asks for`
  return refuse(
    'not-an-approver',
    `The approval of ${by} would count for nothing that is lacking: those ${whose} are waited for.`,
  )
}

/** Whether an approval of somebody would be taken now, and count for what is lacking, by who they are alone. */
export function mayApproveNow(
  state: PlannedUpgrade,
  demands: readonly Demand[],
  { by, role }: { readonly by: string; readonly role: ApprovingRole },
): boolean {
  if (state.approvals.some((approval) => approval.by === by)) return false
  const refused =
    refuseHere(state, demands, by, role) ?? refuseIdle(state, countedFor(state, demands, by, role), by)
  return refused === undefined
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
    /** As what they approve, which policies may ask; left out: as an approver. */
    role?: ApprovingRole
    /** The window that whoever approves has seen; null: none. Left out: that of the request. */
    window?: Window | null
  },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const { role = 'approver' } = command
    const refused = refuseHere(state, facts.demands, command.by, role)
    if (refused) return refused
    if (!isPlanned(state) && !(hasEnded(state) && state.plan))
      return refuse('not-planned', 'The upgrade has no plan yet that could be approved.')
    const { planHash = '' } = state.plan ?? {}
    const changed = refuseOtherPlan(planHash, command.planHash)
    if (changed) return changed
    if (state.approvals.some((approval) => approval.by === command.by)) return accept()
    if (hasEnded(state)) return nothingToApprove(state)
    const draft = new Draft(state, now)
    demandApprovals(draft, facts)
    const present = draft.state
    if (!isPlanned(present) || present.abort || !awaitsApproval(present)) return nothingToApprove(state)
    const counted = countedFor(present, facts.demands, command.by, role)
    const idle = refuseIdle(present, counted, command.by)
    if (idle) return idle
    const unseen = refuseUnseenWindow(state, command.window)
    if (unseen) return unseen
    const late = refuseExpired(state, now) ?? refuseNoRoom(state, facts, now, state.window ?? undefined)
    if (late) return late
    const { by, comment } = command
    const window = state.window
    const whose = counted && { role, counts: counted }
    draft.add({ type: 'ApprovalGiven', data: { by, planHash, window, comment, ...whose } })
    advance(draft, facts)
    return draft.decision()
  }
}

/** Rejects an upgrade that needs approvals and has not begun: also when it has them, as an approver may have second thoughts. */
export function rejectUpgrade(
  command: {
    by: string
    reason: string
    role?: ApprovingRole
    /** Of the plan that is rejected; left out: whatever it is. */
    planHash?: string | undefined
  },
  { demands }: Pick<AdmissionFacts, 'demands'> = { demands: [] },
): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const { status } = state.standing
    if (status === 'rejected') return accept()
    const { by, reason, role = 'approver' } = command
    const refused = refuseHere(state, demands, by, role)
    if (refused) return refused
    const { needed: asked, demanded = [] } = state.standing.approvals
    const needed = asked > 0 || demanded.length > 0
    if (state.stage !== 'planned' || state.abort || !needed) return nothingToApprove(state)
    const changed = refuseOtherPlan(state.plan.planHash, command.planHash)
    if (changed) return changed
    const late = refuseExpired(state, now)
    if (late) return late
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradeRejected', data: { by, reason } })
    return draft.decision()
  }
}
