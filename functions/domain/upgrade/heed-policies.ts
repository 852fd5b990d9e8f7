import { metFrom, wordsOf } from '../rules/judge.ts'
import { awaitsApproval } from '../standing.ts'
import type { AdmissionFacts } from './admission.ts'
import { countsFor } from './approvers.ts'
import type { Draft } from './draft.ts'
import { bringHold } from './holding.ts'
import { hasBegun, isPlanned } from './state.ts'

/**
 * Brings the approvals that policies ask for up to date, until the upgrade has begun, since what is approved is that it begins; after that while it waits to be
 * approved again. Approvals that there are count for what is asked for now.
 */
export function demandApprovals(draft: Draft, { demands }: Pick<AdmissionFacts, 'demands'>): void {
  const { state } = draft
  if (!isPlanned(state) || state.abort || (hasBegun(state) && !awaitsApproval(state))) return
  const { demanded = [] } = state.standing.approvals
  const same =
    demanded.length === demands.length &&
    demands.every(({ policy, revision }, place) => {
      const present = demanded[place]
      return present?.policy === policy && present.revision === revision
    })
  if (same) return
  const wanted = demands.map((demand) => {
    const { policy, revision, required, expiresInSeconds } = demand
    const given = state.approvals.filter(countsFor(demand)).length
    return { policy, revision, required, given, expiresInSeconds }
  })
  draft.add({ type: 'ApprovalsDemanded', data: { demands: wanted } })
}

/** Brings what policies ask for up to date: the approvals, and the hold of rules that are not met. */
export function heedPolicies(draft: Draft, facts: AdmissionFacts): void {
  demandApprovals(draft, facts)
  const { unmet } = facts
  const held = unmet.length === 0 ? null : { until: metFrom(unmet), ref: wordsOf(unmet), lapses: null }
  bringHold(draft, 'POLICY', held)
}
