import type { PlanTold, UpgradeRequest } from '../../../events/upgrade.ts'
import { toldWarnings, warningsOfRequest } from '../../domain/plan/warnings.ts'
import type { Demand } from '../../domain/rules/demands.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { AcceptedPlan } from '../../domain/upgrade/state.ts'
import { holdersOf } from '../../facts/live-plans.ts'
import type { Log } from '../../log/log.ts'
import type { Prospect } from '../../planning/planning.ts'
import type { Services } from '../services.ts'

/** Returns what is said of a request beside its plan: what may not be meant, and who else holds targets of it. */
export async function toldBeside(
  services: Services,
  request: UpgradeRequest,
  { warnings, selected }: Extract<Prospect, { readonly plan: unknown }>,
): Promise<PlanTold> {
  const { holders, upgrades, all } = await holdersOf(services, selected())
  const incomplete = {
    code: 'overlaps_incomplete',
    detail: `Only ${upgrades} live upgrades were looked through for overlaps, and not all of their plans.`,
    field: null,
    value: null,
  }
  return {
    warnings: toldWarnings([...warningsOfRequest(request), ...warnings, ...(all ? [] : [incomplete])]),
    overlaps: holders
      .map(({ upgrade, members }) => ({ upgrade, targets: members.length }))
      .sort((left, right) => right.targets - left.targets || (left.upgrade < right.upgrade ? -1 : 1)),
  }
}

/** Returns what is said of a request that is planned in the background. */
export function toldWithoutPlan(request: UpgradeRequest): PlanTold {
  const detail =
    'It is planned in the background: who is selected, and who else holds them, is not known yet.'
  const background = { code: 'planned_in_background', detail, field: null, value: null }
  return { warnings: [...warningsOfRequest(request), background], overlaps: [] }
}

/** Returns what was said when an upgrade was asked for, so that a repeat is answered as its first time; undefined when it had no plan then. */
export async function toldBefore(log: Log, upgrade: string): Promise<PlanTold | undefined> {
  const first = log
    .of(upgradeAggregate, upgrade)
    .events({ from: 1, to: 1, consistent: true }, ['UpgradePlanned'])
  for await (const { event } of first) return event.data.told
  return undefined
}

/**
 * Returns how many people have to approve a request by its plan and by policies, at the least, and why it needs any that it did not ask for; without a
 * plan that is not known yet.
 */
export function approvalsBody(
  { approvals: { required } }: UpgradeRequest,
  plan: Pick<AcceptedPlan, 'exposure'> | null,
  demands: readonly Pick<Demand, 'policy' | 'required'>[],
) {
  if (!plan && required === 0) {
    const reason =
      'It is planned in the background: one is needed where the first wave turns out to expose too much, or a policy asks for it.'
    return { required, reason }
  }
  const { exposure } = plan ?? {}
  const words = [
    ...(exposure
      ? [
          `The first wave takes ${exposure.firstWave} of the ${exposure.fleet} targets that run the component: a second person has to approve that.`,
        ]
      : []),
    ...demands.map((demand) => `Policy ${demand.policy} asks for ${demand.required}.`),
  ]
  const all = [required, exposure?.approvals ?? 0, ...demands.map((demand) => demand.required)]
  return { required: Math.max(...all), reason: words.length === 0 ? null : words.join(' ') }
}

/** Returns what is said in the words of the API. */
export function toldBody({ warnings, overlaps }: PlanTold) {
  return { warnings, overlaps: overlaps.map(({ upgrade, targets }) => ({ upgradeId: upgrade, targets })) }
}
