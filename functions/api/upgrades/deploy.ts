import { randomUUID } from 'node:crypto'
import { v5 } from 'uuid'
import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { waveRange } from '../../domain/plan/waves.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { requestUpgrade } from '../../domain/upgrade/lifecycle.ts'
import type { UpgradeState } from '../../domain/upgrade/state.ts'
import { inlineAtMost, keepPlan, prospectOf } from '../../planning/planning.ts'
import { metadataOf, settled } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { requestFrom } from './request.ts'

/** The name space of ids that follow from an idempotency key. */
const upgradeNamespace = 'e0a94a51-2f31-5e0c-9f4b-64a6f0d1b7c3'

const customers = (count: number) => `${count} ${count === 1 ? 'customer' : 'customers'}`

/** Returns what a deploy is answered in words, by its strategy; without a plan there is no count yet. */
function messageOf({ request, plan }: UpgradeState): string {
  const name = { all: 'Upgrade', canary: 'Canary upgrade', batch: 'Batch upgrade' }[
    request?.strategy ?? 'all'
  ]
  if (!plan) return `${name} started; it is planned in the background`
  const first = waveRange(plan.waves, plan.members, 0)
  const count = request?.strategy === 'canary' ? first.to - first.from : plan.members
  if (request && request.approvals.required > 0) {
    const approvals =
      request.approvals.required === 1 ? 'an approval' : `${request.approvals.required} approvals`
    return `${name} for ${customers(count)} waits for ${approvals}`
  }
  const batches = request?.strategy === 'batch' ? `, ${request.batchSize} at a time` : ''
  return `${name} started for ${customers(count)}${batches}`
}

/**
 * Starts an upgrade (C1). What must refuse it is found before anything is appended; then its request and its plan are one commit. One that
 * is too large to be planned while the caller waits is planned by its execution.
 */
export const deployUpgrade: Operate<(typeof upgradeContracts)['deployUpgrade']> = async (input, services) => {
  const { log } = services
  const request = requestFrom(input.body)
  const upgradeId = input.idempotency ? v5(input.idempotency.id, upgradeNamespace) : randomUUID()
  const repeated = input.idempotency !== null && (await log.load(upgradeAggregate, upgradeId)).commit > 0
  const prospect = repeated ? undefined : await prospectOf(services, request, { atMost: inlineAtMost })
  if (prospect && 'rejected' in prospect) {
    throw new Problem(prospect.rejected.code, prospect.rejected.detail)
  }
  const planned =
    prospect && 'plan' in prospect ? await keepPlan(services, prospect.plan, upgradeId) : undefined
  const command = requestUpgrade({ request, by: input.principal.id, planned })
  const metadata = metadataOf({ ...input, ifMatch: null })
  const { state, commit } = settled(await log.execute(upgradeAggregate, upgradeId, command, metadata))
  const body = { upgradeId, jobId: `${upgradeId}-1`, strategy: request.strategy, message: messageOf(state) }
  return { status: 202, body, commit, location: `/api/upgrades/${upgradeId}` }
}
