import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import { planningFailed } from '../planning-failure.ts'
import type { Window } from '../window.ts'
import type { AdmissionFacts } from './admission.ts'
import { upgradeNotFound } from './control.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { heedPolicies } from './heed-policies.ts'
import { checkHolds } from './holding.ts'
import { exists, type PhaseOf, type RecordedPlan } from './state.ts'

/** A plan whose members are stored, and what an admission is checked against now. */
export interface WrittenPlan {
  readonly plan: RecordedPlan
  readonly facts: AdmissionFacts
}

/** Asks for an upgrade, with its plan where it was made before; without, its execution plans it. Asking again changes nothing. */
export function requestUpgrade(command: {
  request: UpgradeRequest
  by: string
  planned?: WrittenPlan | undefined
  /** Was it planned ahead of a window of its profile? Nothing begins before that says that the window opened. */
  awaitsOpening?: boolean
  /** The rollout that it is a phase of. */
  rollout?: PhaseOf | undefined
  /** What binds it by now, where that is not what was planned. */
  bound?: { readonly window?: Window; readonly calendars?: readonly string[] }
}): UpgradeDecision {
  return (state, now) => {
    if (exists(state)) return accept()
    const { request, by, planned, rollout, bound = {}, awaitsOpening = false } = command
    const draft = new Draft(state, now)
    draft.add({
      type: 'UpgradeRequested',
      data: { request, by, ...(awaitsOpening && { awaitsOpening }), ...(rollout && { rollout }) },
    })
    draft.add({ type: 'ExecutionStarting', data: { generation: 1, reason: 'requested' } })
    const { window, calendars } = bound
    if (window) draft.add({ type: 'WindowSet', data: { ...window, by: systemActor } })
    if (calendars) draft.add({ type: 'CalendarsBound', data: { calendars: [...calendars], by: systemActor } })
    if (planned) addPlan(draft, planned)
    return draft.decision()
  }
}

/** Records the plan. The first plan stands: a second planner that comes late changes nothing. */
export function recordPlan(planned: WrittenPlan): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    if (state.stage !== 'requested' || state.abort) return accept()
    const draft = new Draft(state, now)
    addPlan(draft, planned)
    return draft.decision()
  }
}

function addPlan(draft: Draft, { plan, facts }: WrittenPlan): void {
  draft.add({ type: 'UpgradePlanned', data: plan })
  if (plan.members === 0) draft.add({ type: 'UpgradeCompleted', data: { exceptions: false } })
  else {
    heedPolicies(draft, facts)
    checkHolds(draft, facts)
  }
}

/** Ends an upgrade that cannot be planned, and says why. */
export function failPlanning(failure: { code: string; detail: string }): UpgradeDecision {
  return (state, now) => {
    if (state.stage !== 'requested' || state.abort) return accept()
    const draft = new Draft(state, now)
    draft.add(planningFailed(failure))
    return draft.decision()
  }
}
