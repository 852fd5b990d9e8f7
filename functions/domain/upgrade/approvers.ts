import { mayApprove } from '../approval-rule.ts'
import { counts, type Demand } from '../rules/demands.ts'
import { isInside, type Window } from '../window.ts'
import { type Draft, refuse } from './draft.ts'
import {
  type Approval,
  type ExistingUpgrade,
  hasBegun,
  isPlanned,
  type PlannedUpgrade,
  type Requested,
} from './state.ts'

/** Those who shaped what is approved, and do not approve it: who asked, who edited its profile, and who gave it the window that it has. */
export function authorsOf(state: ExistingUpgrade): readonly string[] {
  const windowBy = state.stage === 'ended' ? null : state.windowBy
  const authors = [state.requestedBy, ...(state.request.authors ?? [])]
  return windowBy === null ? authors : [...authors, windowBy]
}

/** Has somebody approved it who did not ask for it: itself, or with the rollout that it belongs to? */
export function hasSecondPerson({ approvals, requestedBy, rollout }: PlannedUpgrade): boolean {
  return [...approvals.map(({ by }) => by), ...(rollout?.approvedBy ?? [])].some((by) => by !== requestedBy)
}

/** Does an approval count for these? */
export function countsFor(asked: Pick<Demand, 'approvers' | 'role'>): (approval: Approval) => boolean {
  return ({ by, role = 'approver' }) => counts(asked, by, role)
}

/** Returns the approvals that hold in a window: all of them, or none. */
function holding({ approvals }: Pick<PlannedUpgrade, 'approvals'>, window: Window | null) {
  return approvals.every((approval) => isInside(window, approval.window)) ? approvals : []
}

/** Returns why another window would leave too few who may approve it, since who moves it does not; undefined when it does not. */
export function refuseUnapprovable(
  state: Requested | PlannedUpgrade,
  demands: readonly Demand[],
  window: Window,
  by: string,
) {
  const { approvals, standing, request } = isPlanned(state) ? state : { ...state, approvals: [] }
  const { needed } = standing.approvals
  const held = holding({ approvals }, window)
  const authors = [...authorsOf({ ...state, windowBy: by })]
  // What has begun without approvals has none that the move could void.
  const asked = hasBegun(state) && approvals.length === 0 ? [] : demands
  for (const rule of [{ ...request.approvals, required: needed, role: 'approver' as const }, ...asked]) {
    const given = held.filter(countsFor(rule)).map((approval) => approval.by)
    if (given.length >= rule.required) continue
    const most = mayApprove(rule, authors, given)
    if (most === null || most >= rule.required) continue
    return refuse(
      'approvers-missing',
      `Whoever moves the window does not approve it: without ${by} there are ${most} approvers, ${rule.required} are needed. Somebody else has to move it.`,
    )
  }
  return undefined
}

/** Approvals of a window that the present one does not lie inside of count no more. */
export function voidApprovals(draft: Draft, by: string): void {
  const { state } = draft
  if (!isPlanned(state) || state.approvals.length === 0) return
  if (holding(state, state.window).length > 0) return
  const { start, end } = state.window ?? { start: 'ever', end: 'ever' }
  const reason = `The window was moved: from ${start} to ${end} is not inside what was approved.`
  draft.add({ type: 'ApprovalsVoided', data: { by, reason } })
}
