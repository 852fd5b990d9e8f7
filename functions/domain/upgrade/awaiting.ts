import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { awaitsApproval } from '../standing.ts'
import { isPlanned, type PlannedUpgrade, type UpgradeState } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

/** Returns what an upgrade waits to be approved; undefined: it waits for nobody. */
function awaitedBy(state: UpgradeState): PlannedUpgrade | undefined {
  return isPlanned(state) && !state.abort && awaitsApproval(state) ? state : undefined
}

/** What has people asked anew who were asked before. */
const asksAnew: ReadonlySet<UpgradeEvent['type']> = new Set(['ApprovalsDemanded', 'ApprovalsVoided'])

/** Returns the event that people are asked to approve, after these events; undefined: nobody is asked, or those were asked already. */
export function approvalAwaited(
  before: UpgradeState,
  events: readonly UpgradeEvent[],
  after: UpgradeState,
): UpgradeEvent | undefined {
  const awaited = awaitedBy(after)
  if (!awaited || (awaitedBy(before) && !events.some(({ type }) => asksAnew.has(type)))) return undefined
  const { plan, window, request, standing } = awaited
  const { needed, given, demanded = [] } = standing.approvals
  const demands = demanded.map(({ policy, required, given }) => ({ policy, required, given }))
  const { approvers } = request.approvals
  const until = approvalDeadline(awaited)
  const data = { planHash: plan.planHash, window, needed, given, approvers, demands, until }
  return { type: 'ApprovalAwaited', data }
}
