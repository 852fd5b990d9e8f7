import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { type ApprovalRule, mayApprove } from '../approval-rule.ts'
import type { Rejection } from '../rejection.ts'
import type { Policy } from './rules.ts'

/** The role of whoever approves, as policies tell them apart. */
export type ApprovingRole = 'approver' | 'admin'

/** The approvals that one policy asks for. */
export interface Demand extends ApprovalRule {
  readonly policy: string
  readonly revision: number
  /** An approver, whom an administrator may stand for, or an administrator. */
  readonly role: ApprovingRole
  readonly expiresInSeconds: number
}

/**
 * Returns the approvals that these policies ask for. A rollback and another try of what was approved must not wait for them: they change
 * nothing that was not approved (design: #policies).
 */
export function demandsOf(policies: readonly Policy[], kind: UpgradeRequest['kind']): Demand[] {
  if (kind !== 'deploy') return []
  return policies.flatMap(({ name: policy, revision, document: { approvals } }) =>
    approvals ? [{ policy, revision, ...approvals }] : [],
  )
}

/** Does the approval of somebody with a role count for a demand? */
export function counts({ approvers, role }: Demand, by: string, as: ApprovingRole): boolean {
  return (approvers === null || approvers.includes(by)) && (role === 'approver' || as === 'admin')
}

/** Returns why nobody could approve what these people have asked for or shaped; undefined: it can be approved. */
export function refuseUnmeetable(
  demands: readonly Demand[],
  authors: readonly string[],
): Rejection | undefined {
  for (const demand of demands) {
    const left = mayApprove(demand, authors)
    if (left === null || left >= demand.required) continue
    const { policy, required } = demand
    const detail = `Policy ${policy} asks for ${required} ${required === 1 ? 'approval' : 'approvals'}, and without ${authors.join(', ')} it names ${left} who may give them: nobody approves what they asked for. Somebody else has to ask, or the policy has to name more.`
    const expected = 'a request of somebody else, or a policy that names more approvers'
    const fields = [{ field: `policies.${policy}`, value: 'approvers-missing', expected }]
    return { code: 'policy-unmet', detail, fields }
  }
  return undefined
}
