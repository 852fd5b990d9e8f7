import { randomUUID } from 'node:crypto'
import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { nameId } from '../../../events/name-id.ts'
import { counted } from '../../../events/phrases.ts'
import { after, instantOf, later, second } from '../../../events/time.ts'
import { leftOutCounts } from '../../domain/plan/plan.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { type PlannedRollout, requestRollout } from '../../domain/rollout/request.ts'
import { type ExistingRollout, exists } from '../../domain/rollout/state.ts'
import { Past } from '../../facts/durations.ts'
import { inline, lookedAtMost, targetsOf } from '../../planning/planning.ts'
import { forecastPlannedRollout } from '../../planning/rollout-forecast.ts'
import { type PhaseProspect, prospectOfRollout, storePlans } from '../../planning/rollouts.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import { expectedAttempt, finishOf, tooLarge } from '../upgrades/plan.ts'
import { canaryOf, droppedOf, plannedWaves } from '../upgrades/planned-waves.ts'
import { upgradeWords } from '../upgrades/statuses.ts'
import { neededApprovals } from './exposure.ts'
import { rolloutNotFound } from './history.ts'
import { type AskedRollout, rolloutFrom } from './request.ts'

type Contracts = typeof rolloutContracts

/** The name space of ids that follow from an idempotency key. */
const rolloutNamespace = '0f1c3a9e-2b76-5c44-9d8a-7c1e5f6a4b20'

/** So many of a phase's targets are named. */
const namedAtMost = 1000

/** Returns how many approvals a rollout needs by its plan, and why it needs any that it did not ask for. */
function approvalsOf({ request, phases }: AskedRollout, exposure: PlannedRollout['exposure']) {
  const names = (exposure?.phases ?? []).map((number) => phases[number]?.name ?? '')
  return neededApprovals(request.approvals.required, names, exposure?.approvals)
}

/** Returns when each phase should begin and end, if all goes as expected and nobody has to be waited for. */
function expectedTimes({ phases }: AskedRollout, prospects: readonly PhaseProspect[], now: number) {
  const times: { start: string; finish: string }[] = []
  const timesOf = (number: number): { start: string; finish: string } => {
    const known = times[number]
    if (known) return known
    const { dependsOn = [] } = phases[number] ?? {}
    const starts = dependsOn.map((other) =>
      after(timesOf(other).finish, (phases[other]?.pauseSeconds ?? 0) * second),
    )
    const start = starts.reduce(later, instantOf(now))
    const { request, plan } = prospects[number] ?? {}
    const finish = request && plan ? finishOf(request, plan, Date.parse(start)) : start
    const found = { start, finish }
    times[number] = found
    return found
  }
  return phases.map((_, number) => timesOf(number))
}

/** Shows what a start from the same plan file would do; the planner is the one that a start uses (N2). */
export const planRollout: Operate<Contracts['planRollout'], 'exposure' | 'uncallable'> = async (
  { body, principal },
  services,
) => {
  const asked = await rolloutFrom(body, principal.id, services)
  const bound = { candidates: Number.POSITIVE_INFINITY, looked: lookedAtMost }
  const prospect = await prospectOfRollout(services, asked.request, asked.phases, bound)
  if ('large' in prospect) throw new Problem('fleet-too-large', tooLarge)
  if ('rejected' in prospect) throw asProblem(prospect.rejected)
  const { planned, phases } = prospect
  const times = expectedTimes(asked, phases, services.now())
  const approvals = approvalsOf(asked, planned.exposure)
  const forecast = await forecastPlannedRollout(
    { log: services.log, past: new Past(services.views) },
    {
      declared: asked.phases,
      phases,
      planHash: planned.planHash,
      needsApproval: approvals.required > 0,
    },
    instantOf(services.now()),
  )
  const shown = asked.phases.map(({ name, dependsOn, pauseSeconds }, number) => {
    const { request, plan = null, leftOut = [], withoutAgent = 0 } = phases[number] ?? {}
    const { start = '', finish = '' } = times[number] ?? {}
    return {
      ...{ name, pauseSeconds },
      dependsOn: dependsOn.flatMap((other) => asked.phases[other]?.name ?? []),
      component: request?.component ?? '',
      version: plan?.version ?? request?.version ?? '',
      procedure: request?.procedure ?? null,
      planHash: plan?.planHash ?? null,
      total: plan?.members ?? 0,
      waves: request && plan ? plannedWaves(request, plan, namedAtMost) : [],
      canary: request && plan ? canaryOf(request, plan) : null,
      ...(request && plan ? droppedOf(request, plan) : { droppedWaves: [], droppedGroups: [] }),
      members: plan ? [...targetsOf(plan).take(namedAtMost)] : [],
      leftOut: leftOut.slice(0, namedAtMost).map(({ target, reason, detail }) => ({
        targetId: target,
        reason,
        ...(detail !== undefined && { detail }),
      })),
      leftOutCounts: leftOutCounts({ leftOut }),
      withoutAgent,
      expectedAttempt: request && plan ? expectedAttempt(request, plan) : null,
      ...{ expectedStart: start, expectedFinish: finish },
    }
  })
  return {
    status: 200,
    body: {
      name: asked.request.name,
      planHash: planned.planHash,
      total: shown.reduce((sum, { total }) => sum + total, 0),
      approvals,
      phases: shown,
      warnings: phases.flatMap(({ warnings }, number) =>
        warnings.map(({ code, detail }) => ({ phase: asked.phases[number]?.name ?? '', code, detail })),
      ),
      expectedFinish: times.map(({ finish }) => finish).reduce(later, instantOf(services.now())),
      forecast,
    },
  }
}

function messageOf({ request, phases, standing }: ExistingRollout): string {
  const many = counted(phases.length, 'phase')
  if (standing.status === 'requested')
    return `Rollout "${request.name}" started; it is planned in the background`
  const { needed } = standing.approvals
  return needed === 0
    ? `Rollout "${request.name}" of ${many} started`
    : `Rollout "${request.name}" of ${many} waits for ${needed === 1 ? 'an approval' : `${needed} approvals`}`
}

/**
 * Starts a rollout. What must refuse it is found before anything is appended; then its request, its phases and their plans are one commit. One that is
 * too large to be planned while the caller waits is planned by its execution.
 */
export const startRollout: Operate<Contracts['startRollout'], 'exposure' | 'uncallable'> = async (
  input,
  services,
) => {
  const { log } = services
  const by = input.principal.id
  const asked = await rolloutFrom(input.body, by, services)
  const rolloutId = input.idempotency ? nameId(input.idempotency.id, rolloutNamespace) : randomUUID()
  const repeated = input.idempotency !== null && (await log.load(rolloutAggregate, rolloutId)).commit > 0
  const prospect = repeated
    ? undefined
    : await prospectOfRollout(services, asked.request, asked.phases, inline)
  if (prospect && 'rejected' in prospect) throw asProblem(prospect.rejected)
  const prospective = prospect && 'planned' in prospect ? prospect : undefined
  if (prospective) await storePlans(services, prospective, rolloutId)
  const planned = prospective?.planned
  const command = requestRollout({ ...asked, by, planned })
  const outcome = await log.execute(
    rolloutAggregate,
    rolloutId,
    command,
    metadataOf({ ...input, ifMatch: null }),
  )
  const { state, commit } = accepted(outcome)
  if (!exists(state)) throw rolloutNotFound()
  const required = state.standing.approvals.needed
  const { reason } = approvalsOf(asked, planned?.exposure)
  const body = {
    ...{ rolloutId, jobId: `${rolloutId}-1`, message: messageOf(state) },
    status: upgradeWords[state.standing.status],
    planHash: state.planHash,
    approvals: { required, reason },
  }
  return { status: 202, body, commit, location: `/api/v1/rollouts/${rolloutId}` }
}
