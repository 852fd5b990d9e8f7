import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { awaitsApproval } from '../standing.ts'
import { isPlanned, type PlannedUpgrade, type UpgradeState } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

/** Returns what people are asked to approve; undefined: nobody is. */
function awaitedBy(state: UpgradeState): PlannedUpgrade | undefined {
  return isPlanned(state) && !state.abort && awaitsApproval(state) ? state : undefined
}

/** What people are asked, as text that is another one where they are asked something else, or others, or until another time. */
function questionOf(state: PlannedUpgrade): string {
  const { needed, demanded = [] } = state.standing.approvals
  const policies = demanded.map(({ policy, revision }) => `${policy}@${revision}`)
  return JSON.stringify([state.plan.planHash, state.window, needed, policies, approvalDeadline(state)])
}

/** Returns the event that people are asked to approve; undefined: nobody is asked, or was asked the same before. */
export function approvalAwaited(before: UpgradeState, after: UpgradeState): UpgradeEvent | undefined {
  const [was, is] = [awaitedBy(before), awaitedBy(after)]
  if (!is || (was && questionOf(was) === questionOf(is))) return undefined
  const { plan, window, request, standing } = is
  const { needed, given, demanded = [] } = standing.approvals
  const demands = demanded.map(({ policy, required, given }) => ({ policy, required, given }))
  const { approvers } = request.approvals
  const until = approvalDeadline(is)
  const data = { planHash: plan.planHash, window, needed, given, approvers, demands, until }
  return { type: 'ApprovalAwaited', data }
}
