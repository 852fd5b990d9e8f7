import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../../functions/domain/upgrade/draft.ts'
import { endExecution, recordPlan, requestUpgrade } from '../../functions/domain/upgrade/lifecycle.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import type { Redemption } from '../../functions/work/redemption.ts'
import type { StoredToken, Tokens } from '../../functions/work/tokens.ts'
import { calm, planOf, requestOf, start } from '../domain/upgrade/world.ts'

/** Tokens in memory. */
function memoryTokens(): Tokens & { readonly kept: Map<string, StoredToken> } {
  const kept = new Map<string, StoredToken>()
  const key = (of: Omit<StoredToken, 'token'>) => `${of.upgrade}/${of.generation}/${of.wait}/${of.wave}`
  return {
    kept,
    async store(stored) {
      kept.set(key(stored), stored)
    },
    list: async (upgrade) => [...kept.values()].filter((stored) => stored.upgrade === upgrade),
    async remove(stored) {
      if (kept.get(key(stored))?.token === stored.token) kept.delete(key(stored))
    },
  }
}

/** A planned upgrade `u` that waits for its approval, in memory, with tokens whose redemptions are remembered. */
export async function awaitingApproval() {
  const now = () => Date.parse(start)
  const log = memoryLog({ now })
  const tokens = memoryTokens()
  const redeemed: { readonly token: string; readonly as: unknown }[] = []
  const redemption: Redemption = {
    async succeed(token, output) {
      redeemed.push({ token, as: output })
    },
    async fail(token, error) {
      redeemed.push({ token, as: error })
    },
  }
  const decide = (decision: UpgradeDecision) =>
    log.execute(upgradeAggregate, 'u', decision, { actor: 'alice', correlation: 'u' })
  const approvals = { required: 1, approvers: null, expiresInSeconds: 86_400 }
  await decide(requestUpgrade({ request: requestOf({ approvals }), by: 'alice' }))
  await decide(recordPlan(planOf(10), calm))
  return {
    log,
    tokens,
    redemption,
    redeemed,
    now,
    decide,
    /** Ends the present execution, so that the next generation takes over. */
    supersede: (generation: number) => decide(endExecution({ generation, status: 'ABORTED', cause: null })),
  }
}

/** The approval that the upgrade of `awaitingApproval` waits for. */
export const approval = { by: 'bob', planHash: planOf(10).planHash, comment: null }
