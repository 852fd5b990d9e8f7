import { hashOf } from '../../events/canonical.ts'
import type { PhaseDeclaration, PhasePlan, RolloutRequest } from '../../events/rollout.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { systemActor } from '../domain/actor.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { PlanWarning } from '../domain/plan/warnings.ts'
import type { Rejection } from '../domain/rejection.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { failPlanning, type PlannedRollout, recordPlan, refusePlans } from '../domain/rollout/request.ts'
import type { Log } from '../log/log.ts'
import { FleetReadOnce } from './look.ts'
import {
  acceptedPlan,
  type PlanBound,
  type PlanningServices,
  prospectOf,
  storePlan,
  targetsOf,
} from './planning.ts'

/** What is to be said of one phase before it begins. */
export interface PhaseProspect {
  readonly request: UpgradeRequest
  /** Null: everybody who was selected runs the version already. */
  readonly plan: Plan | null
  readonly warnings: readonly PlanWarning[]
  readonly leftOut: Plan['leftOut']
  /** For how many of those that the plan takes no agent has ever enrolled. */
  readonly withoutAgent: number
}

/** The plan of all phases, or why there is none. */
export type RolloutProspect =
  | { readonly planned: PlannedRollout; readonly phases: readonly PhaseProspect[] }
  | { readonly rejected: Rejection }
  /** There are more targets than are planned while somebody waits. */
  | { readonly large: true }

/** Places a refusal in the phase that it is about. */
function inPhase(number: number, name: string, { code, detail, fields = [] }: Rejection): Rejection {
  return {
    code,
    detail: `The phase "${name}": ${detail}`,
    fields: fields.map((field) => ({ ...field, field: `phases.${number}.${field.field}` })),
  }
}

/**
 * Plans one phase. Whose targets all run the version already has nothing to do, and is no reason to refuse the rollout; nor is one of a profile that means
 * nobody now: whom a standing filter means changes.
 */
async function prospectOfPhase(
  services: PlanningServices,
  request: UpgradeRequest,
  bound: PlanBound,
): Promise<PhaseProspect | { readonly rejected: Rejection } | { readonly large: true }> {
  const found = await prospectOf(services, request, bound)
  if ('large' in found) return found
  if ('plan' in found) {
    const { plan, warnings, withoutAgent } = found
    return { request, plan, warnings, leftOut: plan.leftOut, withoutAgent }
  }
  const { rejected, leftOut = [] } = found
  const standing = request.selection.profile !== undefined && rejected.code === 'nothing-to-upgrade'
  const there = leftOut.length > 0 && leftOut.every(({ reason }) => reason === 'already_at_version')
  return there || standing ? { request, plan: null, warnings: [], leftOut, withoutAgent: 0 } : { rejected }
}

/** Two phases must not take one target's component: the second would be planned from a version that the first changes. */
function overlapOf(phases: readonly (PhaseProspect & { readonly name: string })[]): Rejection | undefined {
  const holders = new Map<string, string>()
  for (const [number, { name, request, plan }] of phases.entries()) {
    for (const target of plan ? targetsOf(plan) : []) {
      const key = JSON.stringify([target, request.component])
      const other = holders.get(key)
      if (other !== undefined) {
        const detail = `${target} is in the phase "${other}" already, with the same component: one of them has to leave it out.`
        return inPhase(number, name, { code: 'phases-overlap', detail })
      }
      holders.set(key, name)
    }
  }
  return undefined
}

/** What an upgrade of the phase records of its plan; that its first wave is large is approved with the rollout. */
function planOfPhase(plan: Plan): PhasePlan {
  const { exposure: _, ...recorded } = acceptedPlan(plan)
  return recorded
}

/**
 * Plans all phases of a rollout from the facts of now, and writes nothing: a dry run and a start both plan by this, each phase by the planner of
 * upgrades (N2). The plan hash is the root over those of the phases, with their order and the rollout's own settings.
 */
export async function prospectOfRollout(
  services: PlanningServices,
  request: RolloutRequest,
  declared: readonly PhaseDeclaration[],
  bound: PlanBound = { candidates: Number.POSITIVE_INFINITY, looked: Number.POSITIVE_INFINITY },
): Promise<RolloutProspect> {
  const phases: (PhaseProspect & { readonly name: string })[] = []
  const fleet = Number.isFinite(bound.looked) && { fleet: new FleetReadOnce(services.views) }
  let members = 0
  for (const [number, { name, does }] of declared.entries()) {
    if (does.kind !== 'deploy') throw new Error('Only what deploys is planned beforehand.')
    const found = await prospectOfPhase(services, does.request, {
      ...bound,
      ...fleet,
      candidates: bound.candidates - members,
    })
    if ('large' in found) return found
    if ('rejected' in found) return { rejected: inPhase(number, name, found.rejected) }
    members += found.plan?.members ?? 0
    phases.push({ ...found, name })
  }
  if (members === 0) {
    const detail = 'Every target that is selected runs its version already, in all phases.'
    return { rejected: { code: 'nothing-to-upgrade', detail } }
  }
  const overlap = overlapOf(phases)
  if (overlap) return { rejected: overlap }
  const plans = new Map(phases.flatMap(({ plan }, number) => (plan ? [[number, planOfPhase(plan)]] : [])))
  const refused = refusePlans(plans)
  if (refused) return { rejected: refused }
  const exposed = phases.flatMap(({ plan }, number) => (plan?.exposure ? [{ number, ...plan.exposure }] : []))
  const exposure =
    exposed.length === 0
      ? undefined
      : {
          approvals: Math.max(...exposed.map(({ approvals }) => approvals)),
          phases: exposed.map(({ number }) => number),
        }
  return { planned: { planHash: rootOf(request, declared, plans), plans, exposure }, phases }
}

/** Returns the hash that stands for all of a rollout: what approvals bind to. */
function rootOf(
  request: RolloutRequest,
  declared: readonly PhaseDeclaration[],
  plans: ReadonlyMap<number, PhasePlan>,
): string {
  const phases = declared.map(({ does, ...order }, number) => ({
    ...order,
    plan: does.kind === 'deploy' ? (plans.get(number)?.planHash ?? null) : does.upgrade,
  }))
  return hashOf({ request: hashOf(request), phases })
}

/** Returns what a rollout records of phases that are planned when they begin: their order, and what they take back. */
export function unplanned(request: RolloutRequest, declared: readonly PhaseDeclaration[]): PlannedRollout {
  const plans = new Map<number, PhasePlan>()
  return { planHash: rootOf(request, declared, plans), plans }
}

/** Stores the members of all phases' plans, so that a rollout that is planned has all of them. */
export async function storePlans(
  services: PlanningServices,
  { phases }: Extract<RolloutProspect, { readonly planned: unknown }>,
  rollout: string,
): Promise<void> {
  for (const { plan, request } of phases) if (plan) await storePlan(services, plan, request, rollout)
}

/** Returns what was declared of the phases of a rollout, and what each plans, from its stream. */
export async function declaredIn(
  log: Log,
  rollout: string,
): Promise<{
  readonly phases: readonly PhaseDeclaration[]
  readonly plans: ReadonlyMap<number, PhasePlan>
}> {
  const phases: PhaseDeclaration[] = []
  const plans = new Map<number, PhasePlan>()
  const told = log
    .of(rolloutAggregate, rollout)
    .events({ consistent: true }, ['PhaseDeclared', 'PhasePlanned', 'RolloutPlanned'])
  for await (const { event } of told) {
    if (event.type === 'PhaseDeclared') phases[event.data.phase] = event.data.declaration
    else if (event.type === 'PhasePlanned') plans.set(event.data.phase, event.data.plan)
    else break
  }
  return { phases, plans }
}

/** Plans a rollout that was requested and is too large to be planned while somebody waits. The first plan stands. Throws Contended. */
export async function writeRolloutPlan(services: PlanningServices, rollout: string): Promise<void> {
  const { log } = services
  const from = await log.load(rolloutAggregate, rollout)
  const { state } = from
  if (state.stage !== 'requested' || state.abort) return
  const { phases } = await declaredIn(log, rollout)
  const prospect = await prospectOfRollout(services, state.request, phases)
  if ('large' in prospect) throw new Error('Nothing bounds what is planned in the background.')
  if ('planned' in prospect) await storePlans(services, prospect, rollout)
  const decision = 'planned' in prospect ? recordPlan(prospect.planned) : failPlanning(prospect.rejected)
  const cause = { actor: systemActor, correlation: rollout }
  await log.of(rolloutAggregate, rollout).carryOut(decision, cause, { from })
}
