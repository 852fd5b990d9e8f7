import { counted } from '../../events/phrases.ts'
import { reject } from './aggregate.ts'
import type { RefusedField } from './rejection.ts'

/** A rule of approvals: how many, and by whom; null: by anybody entitled. */
export interface ApprovalRule {
  readonly required: number
  readonly approvers: readonly string[] | null
}

/** Returns how many people may approve: who has, and whoever is named and is not kept from it. Null: nobody bounds them. */
export function mayApprove(
  { approvers }: ApprovalRule,
  keptFromIt: readonly string[],
  given: readonly string[] = [],
): number | null {
  return approvers && new Set([...approvers.filter((name) => !keptFromIt.includes(name)), ...given]).size
}

/**
 * Refuses what an approver may not do: approve, or reject, what they had a part in themselves (`part` says which; undefined: none), or what others were
 * named for. Undefined: they may.
 */
export function refuseApprover(
  what: 'upgrade' | 'rollout',
  { approvers }: Pick<ApprovalRule, 'approvers'>,
  by: string,
  part: string | undefined,
) {
  if (part !== undefined) {
    const detail = `${by} ${part} and cannot also approve it: somebody else has to.`
    return reject({ code: 'self-approval', detail })
  }
  if (approvers === null || approvers.includes(by)) return undefined
  const detail = `${by} is not among the approvers of this ${what}: ${approvers.join(', ')}.`
  return reject({ code: 'not-an-approver', detail })
}

/**
 * Returns what is wrong with a rule that nobody could meet, since nobody approves what they asked for or shaped; undefined when it can be met. Who names
 * approvers names one who may: a plan can need an approval although its request asks for none.
 */
export function unmeetable(
  rule: ApprovalRule,
  requestedBy: string,
  authors: readonly string[] = [],
): RefusedField | undefined {
  const left = mayApprove(rule, [requestedBy, ...authors])
  const needed = Math.max(1, rule.required)
  if (left === null || left >= needed) return undefined
  const beside =
    authors.length > 0
      ? `${requestedBy} and the ${authors.length} others who have edited it`
      : `${requestedBy}, who asks for it`
  const expected = `at least ${counted(needed, 'approver')} beside ${beside}: nobody approves that`
  return { field: 'approvals.approvers', value: (rule.approvers ?? []).join(', ').slice(0, 256), expected }
}

/** Whoever decides about a plan has looked at the one that they name; undefined: they name none. */
export function refuseOtherPlan(planHash: string | null, seen: string | undefined) {
  if (seen === undefined || seen === planHash) return undefined
  const detail = `The plan is ${planHash}, not ${seen}: look at it before you decide.`
  return reject({ code: 'plan-changed', detail })
}
