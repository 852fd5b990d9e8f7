import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { membersPerChunk } from '../../../events/plan.ts'
import { instantOf } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { forecastOf } from '../../domain/forecast/forecast.ts'
import { expectedSeconds } from '../../domain/plan/duration.ts'
import { withExpectedTime } from '../../domain/plan/expected-time.ts'
import { leftOutCounts, type Plan } from '../../domain/plan/plan.ts'
import { waveOf } from '../../domain/plan/waves.ts'
import { Past } from '../../facts/durations.ts'
import { alone, prospectsOfPlan } from '../../facts/forecast.ts'
import { lookedAtMost, prospectOf } from '../../planning/planning.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import { refuseMetrics } from './metrics.ts'
import { canaryOf, droppedOf, plannedWaves } from './planned-waves.ts'
import { bindProcedure } from './procedure.ts'
import { requestFrom } from './request.ts'
import { approvalsBody, toldBeside, toldBody } from './told.ts'
import { waveNumber } from './wave-number.ts'

/** More members or waves than this are counted but not listed: an answer has a limit of 6 MB (AWS). */
const listedAtMost = 10_000

export const tooLarge = `More than ${lookedAtMost} targets would be looked through while you wait. Name the targets, or deploy with approvals: then it is planned in the background, and stands still until somebody has approved the plan that its status names.`

/** Returns how long one attempt should take by a plan, and how that is known. */
export function expectedAttempt(
  { deadlines, expectedByHistory }: UpgradeRequest,
  { expected }: Pick<Plan, 'expected'>,
) {
  if (expected) return { seconds: expected.seconds, source: 'history' as const, attempts: expected.attempts }
  const source = expectedByHistory ? ('default' as const) : ('declared' as const)
  return { seconds: deadlines.expected, source, attempts: null }
}

/** When the last wave should end if every attempt takes the time expected and nobody has to be waited for. */
export function finishOf(request: UpgradeRequest, plan: Plan, now: number): string {
  const start = Math.max(now, request.window ? Date.parse(request.window.start) : now)
  return instantOf(start + expectedSeconds(withExpectedTime(request, plan.expected), plan) * 1000)
}

function membersOf({ chunks, waves, members }: Plan) {
  const listed = Math.min(chunks.length, Math.ceil(listedAtMost / membersPerChunk))
  return Array.from({ length: listed }, (_, index) => {
    const chunk = chunks.at(index)
    return chunk.members.map(([targetId, from, to], place) => ({
      targetId,
      from: chunk.versions[from] ?? '',
      to: chunk.versions[to] ?? '',
      wave: waveNumber(waveOf(waves, members, index * membersPerChunk + place)),
    }))
  }).flat()
}

/** Shows what a deploy of the same body would do; the planner is the one that a deploy uses (N2). */
export const planUpgrade: Operate<
  (typeof upgradeContracts)['planUpgrade'],
  'exposure' | 'uncallable'
> = async ({ body, principal }, services) => {
  const request = await bindProcedure(services.log, requestFrom(body, principal.id), body.procedure)
  await refuseMetrics(request, services.uncallable)
  const bound = { candidates: Number.POSITIVE_INFINITY, looked: lookedAtMost }
  const prospect = await prospectOf(services, request, bound)
  if ('large' in prospect) throw new Problem('fleet-too-large', tooLarge)
  if ('rejected' in prospect) throw asProblem(prospect.rejected)
  const { plan } = prospect
  const told = await toldBeside(services, request, prospect)
  const approvals = approvalsBody(request, plan, prospect.demands)
  const now = instantOf(services.now())
  const ahead = { request, plan, window: request.window }
  const prospects = await prospectsOfPlan(services.log, new Past(services.views), ahead, now)
  const waitsFor = approvals.required > 0 ? [{ code: 'APPROVAL', times: 1 }] : []
  return {
    status: 200,
    body: {
      planHash: plan.planHash,
      version: plan.version,
      digest: plan.digest,
      procedure: request.procedure ?? null,
      total: plan.members,
      waves: plannedWaves(request, plan, listedAtMost),
      canary: canaryOf(request, plan),
      ...droppedOf(request, plan),
      members: membersOf(plan),
      leftOut: plan.leftOut.slice(0, listedAtMost).map(({ target, reason, detail }) => ({
        targetId: target,
        reason,
        ...(detail !== undefined && { detail }),
      })),
      leftOutCounts: leftOutCounts(plan),
      withoutAgent: prospect.withoutAgent,
      ...toldBody(told),
      approvals,
      window: request.window,
      expectedAttempt: expectedAttempt(request, plan),
      expectedFinish: finishOf(request, plan, services.now()),
      forecast: forecastOf({ now, seed: plan.planHash, parts: [alone(prospects)], waitsFor }),
      truncated: plan.members > listedAtMost || plan.leftOut.length > listedAtMost,
    },
  }
}
