import { randomUUID } from 'node:crypto'
import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { nameId } from '../../../events/name-id.ts'
import { counted } from '../../../events/phrases.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { inFlightAtMost } from '../../domain/plan/rolling.ts'
import { waveCount, waveRange } from '../../domain/plan/waves.ts'
import { unmeetable } from '../../domain/rules/demands.ts'
import { policyRejection } from '../../domain/rules/judge.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { requestUpgrade } from '../../domain/upgrade/request.ts'
import { type AcceptedPlan, exists, planOf } from '../../domain/upgrade/state.ts'
import { inline, prospectOf, storePlan } from '../../planning/planning.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { refuseMetrics } from './metrics.ts'
import { bindProcedure } from './procedure.ts'
import { requestFrom } from './request.ts'
import { approvalsBody, toldBefore, toldBeside, toldBody, toldWithoutPlan } from './told.ts'

/** The name space of ids that follow from an idempotency key, or from what an upgrade is for. */
const upgradeNamespace = 'e0a94a51-2f31-5e0c-9f4b-64a6f0d1b7c3'

/** Returns the id of the upgrade that follows from a name: asked for twice, it is one. */
export function upgradeIdFrom(name: string): string {
  return nameId(name, upgradeNamespace)
}

const customers = (count: number) => counted(count, 'customer')

const names = {
  all: 'Upgrade',
  canary: 'Canary upgrade',
  batch: 'Batch upgrade',
  percentages: 'Staged upgrade',
  groups: 'Upgrade by groups',
  rolling: 'Rolling upgrade',
  serial: 'Serial upgrade',
} as const satisfies Record<UpgradeRequest['strategy'], string>

/** Returns what a strategy says of how many go at once; nothing where there is nothing to say. */
function paceOf(request: UpgradeRequest, plan: AcceptedPlan): string {
  const first = waveRange(plan.waves, plan.members, 0)
  switch (request.strategy) {
    case 'all':
    case 'canary':
      return ''
    case 'batch':
      return `, ${request.batchSize} at a time`
    case 'percentages':
    case 'groups':
      return `, ${first.to - first.from} of them in the first of ${counted(waveCount(plan.waves, plan.members), 'wave')}`
    case 'rolling':
      return `, at most ${inFlightAtMost(request, plan)} at once`
    case 'serial':
      return ', one at a time'
  }
}

/** Returns what a deploy is answered in words, by its strategy; without a plan there is no count yet. */
function messageOf(
  request: UpgradeRequest,
  plan: AcceptedPlan | null,
  { required }: ReturnType<typeof approvalsBody>,
) {
  const { strategy } = request
  const name = names[strategy]
  if (!plan) return `${name} started; it is planned in the background`
  const first = waveRange(plan.waves, plan.members, 0)
  const count = strategy === 'canary' ? first.to - first.from : plan.members
  if (required > 0) {
    const approvals = required === 1 ? 'an approval' : `${required} approvals`
    return `${name} for ${customers(count)} waits for ${approvals}`
  }
  return `${name} started for ${customers(count)}${paceOf(request, plan)}`
}

/** What is answered where an upgrade begins. */
interface Begun extends Answer {
  readonly body: { readonly upgradeId: string; readonly jobId: string }
}

/**
 * Starts an upgrade (C1). What must refuse it is found before anything is appended; then its request and its plan are one commit. One that
 * is too large to be planned while the caller waits is planned by its execution.
 */
export const deployUpgrade: Operate<
  (typeof upgradeContracts)['deployUpgrade'],
  'exposure' | 'uncallable'
> = async (input, services) => {
  const { body: asked, principal } = input
  const request = await bindProcedure(services.log, requestFrom(asked, principal.id), asked.procedure)
  await refuseMetrics(request, services.uncallable)
  const upgradeId = input.idempotency ? upgradeIdFrom(input.idempotency.id) : randomUUID()
  return beginUpgrade(services, request, upgradeId, input)
}

/** Begins the upgrade of an id; one that has begun is answered as it stands. Throws the problem that refuses it. */
export async function beginUpgrade(
  services: Services<'exposure'>,
  request: UpgradeRequest,
  upgradeId: string,
  input: Parameters<typeof metadataOf>[0],
): Promise<Begun> {
  const { log } = services
  const repeated = (await log.load(upgradeAggregate, upgradeId)).commit > 0
  const prospect = repeated ? undefined : await prospectOf(services, request, inline)
  if (prospect && 'rejected' in prospect) throw asProblem(prospect.rejected)
  const prospective = prospect && 'plan' in prospect ? prospect : undefined
  const authors = [input.principal.id, ...(request.authors ?? [])]
  const refused = prospective && policyRejection(unmeetable(prospective.demands, authors))
  if (refused) throw asProblem(refused)
  const told = prospective && (await toldBeside(services, request, prospective))
  const planned = prospective && (await storePlan(services, prospective.plan, request, upgradeId, told))
  const command = requestUpgrade({ request, by: input.principal.id, planned })
  const metadata = metadataOf({ ...input, ifMatch: null })
  const outcome = await log.execute(upgradeAggregate, upgradeId, command, metadata)
  const { state, commit } = accepted(outcome)
  const plan = planOf(state)
  const demanded = exists(state) ? (state.standing.approvals.demanded ?? []) : []
  const approvals = approvalsBody(request, plan, demanded)
  const message = messageOf(request, plan, approvals)
  const first = outcome.kind === 'committed' ? told : await toldBefore(log, upgradeId)
  const body = {
    ...{ upgradeId, jobId: `${upgradeId}-1`, strategy: request.strategy, message },
    // Asked for again, it is what the first time was bound to.
    procedure: (exists(state) ? state.request : request).procedure ?? null,
    leftOutCounts: first && plan ? plan.leftOut : null,
    approvals,
    ...toldBody(first ?? toldWithoutPlan(request)),
  }
  return { status: 202, body, commit, location: `/api/upgrades/${upgradeId}` }
}
