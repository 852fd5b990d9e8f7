import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../../functions/domain/upgrade/draft.ts'
import { endExecution } from '../../functions/domain/upgrade/execution.ts'
import { recordPlan, requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { calm, planOf, requestOf, start } from '../domain/upgrade/world.ts'
import { memoryServices } from '../reactor/memory-services.ts'

/** A planned upgrade `u` that waits for its approval, in memory. */
export async function awaitingApproval() {
  const now = () => Date.parse(start)
  const log = memoryLog({ now })
  const services = memoryServices({ log, views: viewsOver(memoryViewStore(), now), now })
  const decide = (decision: UpgradeDecision) =>
    log.execute(upgradeAggregate, 'u', decision, { actor: 'alice', correlation: 'u' })
  const approvals = { required: 1, approvers: null, expiresInSeconds: 86_400 }
  await decide(requestUpgrade({ request: requestOf({ approvals }), by: 'alice' }))
  await decide(recordPlan({ plan: planOf(10), facts: calm }))
  return {
    ...services,
    decide,
    /** Ends the present execution, so that the next generation takes over. */
    supersede: (generation: number) => decide(endExecution({ generation, status: 'ABORTED', cause: null })),
  }
}

/** The approval that the upgrade of `awaitingApproval` waits for. */
export const approval = { by: 'bob', planHash: planOf(10).planHash, comment: null }
