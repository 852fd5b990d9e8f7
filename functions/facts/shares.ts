import { budgetAggregate, fairShare, holderIn, sharedOut } from '../domain/budget/budget.ts'
import { type Bound, budgetsOf } from '../domain/rules/binding.ts'
import type { Policy } from '../domain/rules/rules.ts'
import type { BudgetFact } from '../domain/upgrade/shares.ts'
import type { Log } from '../log/log.ts'

/** Returns what an upgrade may use of what policies bound over all upgrades together, read strongly. */
export async function sharesNow(
  log: Log,
  policies: readonly Policy[],
  { kind }: Pick<Bound, 'kind'>,
  upgrade: string,
  now: string,
): Promise<BudgetFact[]> {
  return Promise.all(
    budgetsOf(policies, kind).map(async (bounded) => {
      const { state } = await log.load(budgetAggregate, bounded.budget)
      const { share = 0, grant = 0 } = holderIn(state, upgrade) ?? {}
      const asked = share >= bounded.limit || state.waiting.some((one) => one.upgrade === upgrade)
      const over = sharedOut(state, now) > bounded.limit
      const contended = state.waiting.some((one) => one.upgrade !== upgrade)
      return { ...bounded, share, grant, asked, contended, over, fair: fairShare(state, bounded.limit, now) }
    }),
  )
}
