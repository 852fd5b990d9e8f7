import type { policyContracts } from '../../../contracts/policies.ts'
import { instantOf } from '../../../events/time.ts'
import { closureAt } from '../../domain/policy/closure.ts'
import { boundOf, parallelOf } from '../../domain/rules/binding.ts'
import { demandsOf, unmeetable } from '../../domain/rules/demands.ts'
import { releaseFor } from '../../facts/release.ts'
import { bindingNow, freezesOf, unmetNow } from '../../facts/rules.ts'
import { lookedAtMost, prospectOf } from '../../planning/planning.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import { refuseMetrics } from '../upgrades/metrics.ts'
import { tooLarge } from '../upgrades/plan.ts'
import { bindProcedure } from '../upgrades/procedure.ts'
import { requestFrom } from '../upgrades/request.ts'

/**
 * Says what policies would say to a deploy of the same body by the same person, and stores nothing. What else would refuse it is the problem that a deploy
 * would have; where only policies do, they are the answer.
 */
export const tryPolicies: Operate<
  (typeof policyContracts)['tryPolicies'],
  'exposure' | 'uncallable'
> = async ({ body, principal }, services) => {
  const { log, now } = services
  const request = await bindProcedure(log, requestFrom(body, principal.id), body.procedure)
  await refuseMetrics(request, services.uncallable)
  const found = await releaseFor(services, request.component, request.version)
  if ('rejected' in found) throw asProblem(found.rejected)
  const bound = boundOf(request)
  const { policies } = await bindingNow(log, bound)
  const demands = demandsOf(policies, request.kind)
  const rules = await unmetNow(services, policies, bound, found.release.version)
  const unmet = [...rules, ...unmeetable(demands, [principal.id])]
  const planHash = rules.length > 0 ? null : await hashOfPlan(services, request)
  const instant = instantOf(now())
  const frozen = closureAt(await freezesOf(log, policies, instant, instantOf(now() + 1)), instant)
  return {
    status: 200,
    body: {
      met: unmet.length === 0,
      component: request.component,
      version: found.release.version,
      planHash,
      policies: policies.map(({ name, revision }) => ({ name, revision })),
      unmet,
      approvals: demands.map(({ policy, required, approvers, role, expiresInSeconds }) => ({
        ...{ policy, required, approvers, role, expiresInSeconds },
      })),
      frozen: frozen ? { why: frozen.why, until: frozen.to } : null,
      parallel: parallelOf(policies),
    },
  }
}

async function hashOfPlan(
  services: Parameters<typeof prospectOf>[0],
  request: Parameters<typeof prospectOf>[1],
): Promise<string> {
  const bound = { candidates: Number.POSITIVE_INFINITY, looked: lookedAtMost }
  const prospect = await prospectOf(services, request, bound)
  if ('large' in prospect) throw new Problem('fleet-too-large', tooLarge)
  if ('rejected' in prospect) throw asProblem(prospect.rejected)
  return prospect.plan.planHash
}
