import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { type ApprovalRule, mayApprove } from '../approval-rule.ts'
import type { Unmet } from './judge.ts'
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
export function counts(
  { approvers, role }: Pick<Demand, 'approvers' | 'role'>,
  by: string,
  as: ApprovingRole,
): boolean {
  return (approvers === null || approvers.includes(by)) && (role === 'approver' || as === 'admin')
}

/** Returns the demands that nobody could meet, where these people have asked for an upgrade or shaped it: nobody approves that. */
export function unmeetable(demands: readonly Demand[], authors: readonly string[]): Unmet[] {
  return demands.flatMap((demand): Unmet[] => {
    const left = mayApprove(demand, authors)
    if (left === null || left >= demand.required) return []
    const { policy, required } = demand
    const detail = `${required} ${required === 1 ? 'approval is' : 'approvals are'} needed, and without ${authors.join(', ')} there are ${left} who are named for them`
    const satisfiedBy =
      'a request of somebody else, since nobody approves what they asked for, or a policy that names more'
    return [{ policy, code: 'approvers-missing', detail, satisfiedBy, from: null }]
  })
}
