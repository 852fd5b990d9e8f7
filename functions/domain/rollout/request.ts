import { bytesOf } from '../../../events/bytes.ts'
import type { PhaseDeclaration, PhasePlan, RolloutRequest } from '../../../events/rollout.ts'
import { accept } from '../aggregate.ts'
import { planningFailed } from '../planning-failure.ts'
import type { Rejection } from '../rejection.ts'
import { rolloutNotFound } from './control.ts'
import { Draft, type RolloutDecision } from './draft.ts'
import { exists } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

/** What the planner found for all phases. */
export interface PlannedRollout {
  readonly planHash: string
  /** By the number of the phase; without one, nobody is left to upgrade, or its plan is made when it begins. */
  readonly plans: ReadonlyMap<number, PhasePlan>
  /** The phases whose first wave exposes more than one person may, and how many have to approve that. */
  readonly exposure?: { readonly approvals: number; readonly phases: number[] } | undefined
}

/** As many bytes of JSON as the plans of all phases have: one commit holds them, with what is declared of the phases where both are known at once. */
const bytesOfPlans = 90_000

/** Returns why the plans of phases are not recorded: they have more waves than one commit has room for; undefined: it has. */
export function refusePlans(plans: PlannedRollout['plans']): Rejection | undefined {
  const bytes = bytesOf([...plans.values()])
  if (bytes <= bytesOfPlans) return undefined
  const detail = `The plans of all phases have so many waves that they are ${bytes} bytes together, and one commit has room for ${bytesOfPlans}: choose larger batches, or make two rollouts of it.`
  return { code: 'too-many-waves', detail }
}

/** Asks for a rollout, with its plan where it was made before; without, its execution plans it. Asking again changes nothing. */
export function requestRollout(command: {
  request: RolloutRequest
  phases: readonly PhaseDeclaration[]
  by: string
  planned?: PlannedRollout | undefined
}): RolloutDecision {
  return (state, now) => {
    if (exists(state)) return accept()
    const { request, phases, by, planned } = command
    const draft = new Draft(state, now)
    draft.add({ type: 'RolloutRequested', data: { request, by } })
    for (const [phase, declaration] of phases.entries())
      draft.add({ type: 'PhaseDeclared', data: { phase, declaration } })
    draft.add({ type: 'ExecutionStarting', data: { generation: 1, reason: 'requested' } })
    if (planned) addPlan(draft, planned)
    return draft.decision()
  }
}

/** Records the plan of all phases. The first plan stands: a second planner that comes late changes nothing. */
export function recordPlan(planned: PlannedRollout): RolloutDecision {
  return (state, now) => {
    if (!exists(state)) return rolloutNotFound
    if (state.stage !== 'requested' || state.abort) return accept()
    const draft = new Draft(state, now)
    addPlan(draft, planned)
    return draft.decision()
  }
}

function addPlan(draft: Draft, { planHash, plans, exposure }: PlannedRollout): void {
  let members = 0
  for (const [phase, plan] of plans) {
    draft.add({ type: 'PhasePlanned', data: { phase, plan } })
    members += plan.members
  }
  draft.add({ type: 'RolloutPlanned', data: { planHash, members, ...(exposure && { exposure }) } })
  const { state } = draft
  const until = exists(state) ? approvalDeadline(state) : null
  if (!exists(state) || until === null) return
  const { approvers } = state.request.approvals
  const { needed } = state.standing.approvals
  draft.add({ type: 'ApprovalAwaited', data: { planHash, needed, approvers, until } })
}

/** Ends a rollout that cannot be planned, and says why. */
export function failPlanning(failure: { code: string; detail: string }): RolloutDecision {
  return (state, now) => {
    if (!exists(state) || state.stage !== 'requested' || state.abort) return accept()
    const draft = new Draft(state, now)
    draft.add(planningFailed(failure))
    return draft.decision()
  }
}
