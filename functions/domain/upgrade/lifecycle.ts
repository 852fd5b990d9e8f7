import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { accept } from '../aggregate.ts'
import { type AdmissionFacts, admit, checkHolds } from './admission.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { endWaveWhenOver } from './outcomes.ts'
import { position } from './position.ts'
import { exists, hasEnded, type UpgradeState } from './state.ts'

/** An execution hands over to the next after so many waves: 400 waves of at most 40 events stay below AWS's 25,000. */
const wavesPerExecution = 400

/** What the planner found, as the upgrade keeps it. */
export type PlanSummary = Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']

/** A plan whose members are stored, and what an admission is checked against now. */
export interface Planned {
  readonly plan: PlanSummary
  readonly facts: AdmissionFacts
}

/** Asks for an upgrade, with its plan where it was made before; without, its execution plans it. Asking again changes nothing. */
export function requestUpgrade(command: {
  request: UpgradeRequest
  by: string
  planned?: Planned | undefined
}): UpgradeDecision {
  return (state, now) => {
    if (exists(state)) return accept()
    const { request, by, planned } = command
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradeRequested', data: { request, by } })
    draft.add({ type: 'ExecutionStarting', data: { generation: 1, reason: 'requested' } })
    if (planned) addPlan(draft, planned)
    return draft.decision()
  }
}

/** Records the plan. The first plan stands: a second planner that comes late changes nothing. */
export function recordPlan(plan: PlanSummary, facts: AdmissionFacts): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return refuse('upgrade-not-found', 'There is no such upgrade.')
    if (state.plan || hasEnded(state) || state.status !== 'requested') return accept()
    const draft = new Draft(state, now)
    addPlan(draft, { plan, facts })
    return draft.decision()
  }
}

function addPlan(draft: Draft, { plan, facts }: Planned): void {
  draft.add({ type: 'UpgradePlanned', data: plan })
  if (plan.members === 0) draft.add({ type: 'UpgradeCompleted', data: { exceptions: false } })
  else if (draft.state.status === 'scheduled') checkHolds(draft, facts)
}

/** Ends an upgrade that cannot be planned, and says why. */
export function failPlanning(failure: { code: string; detail: string }): UpgradeDecision {
  return (state, now) => {
    if (state.status !== 'requested' || !exists(state)) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'PlanningFailed', data: failure })
    return draft.decision()
  }
}

/** Refuses what an approver may not do: approve twice is fine, approve one's own request never is. */
function refuseApprover(state: UpgradeState & { request: UpgradeRequest }, by: string) {
  if (by === state.requestedBy) {
    return refuse(
      'self-approval',
      `${by} asked for this upgrade and cannot also approve it: somebody else has to.`,
    )
  }
  const approvers = state.request.approvals.approvers
  if (approvers && !approvers.includes(by)) {
    return refuse(
      'not-an-approver',
      `${by} is not among the approvers of this upgrade: ${approvers.join(', ')}.`,
    )
  }
  return undefined
}

/** Approves the plan of a hash; the approval counts for that plan alone. */
export function approveUpgrade(command: {
  by: string
  planHash: string
  comment: string | null
}): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return refuse('upgrade-not-found', 'There is no such upgrade.')
    const refused = refuseApprover(state, command.by)
    if (refused) return refused
    if (!state.plan) return refuse('not-planned', 'The upgrade has no plan yet that could be approved.')
    if (command.planHash !== state.plan.planHash) {
      return refuse(
        'plan-changed',
        `The plan is ${state.plan.planHash}, not ${command.planHash}: look at it before you approve.`,
      )
    }
    if (state.approvals.some((approval) => approval.by === command.by)) return accept()
    const pending = state.status === 'paused' ? state.resumesTo : state.status
    if (pending !== 'pending_approval') {
      return refuse('nothing-to-approve', `The upgrade waits for no approval: it is ${state.status}.`)
    }
    const draft = new Draft(state, now)
    draft.add({ type: 'ApprovalGiven', data: command })
    return draft.decision()
  }
}

/** Rejects an upgrade that waits for its approval. */
export function rejectUpgrade(command: { by: string; reason: string }): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return refuse('upgrade-not-found', 'There is no such upgrade.')
    if (state.status === 'rejected') return accept()
    const refused = refuseApprover(state, command.by)
    if (refused) return refused
    if (state.status !== 'pending_approval') {
      return refuse('nothing-to-approve', `The upgrade waits for no approval: it is ${state.status}.`)
    }
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradeRejected', data: command })
    return draft.decision()
  }
}

/**
 * Starts a wave and admits what it may have in flight. Only the present execution may; one with a long history hands over to the
 * next generation instead.
 */
export function startWave(
  command: { wave: number; generation: number },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (command.generation !== state.generation)
      return refuse('superseded', 'Another execution has taken over.')
    const { move, wave } = position(state, now)
    if (move !== 'start-wave' || wave !== command.wave) return accept()
    const draft = new Draft(state, now)
    if (wave - state.generationWave >= wavesPerExecution) {
      draft.add({
        type: 'ExecutionStarting',
        data: { generation: state.generation + 1, reason: `${wavesPerExecution} waves` },
      })
      return draft.decision()
    }
    draft.add({ type: 'WaveStarted', data: { wave } })
    admit(draft, facts)
    // Everybody in it may have been skipped before it began.
    endWaveWhenOver(draft)
    return draft.decision()
  }
}

/** Ends an upgrade whose waves are through, or that was aborted and has nothing in flight. */
export function finishUpgrade(command: { generation: number }): UpgradeDecision {
  return (state, now) => {
    if (hasEnded(state)) return accept()
    if (command.generation !== state.generation)
      return refuse('superseded', 'Another execution has taken over.')
    const draft = new Draft(state, now)
    if (state.status === 'aborting' && state.counts.inFlight === 0) {
      draft.add({ type: 'UpgradeAborted', data: {} })
    } else if (position(state, now).move === 'finish') {
      const { failed, unreachable, skipped } = state.counts
      draft.add({ type: 'UpgradeCompleted', data: { exceptions: failed + unreachable + skipped > 0 } })
    }
    return draft.decision()
  }
}

/** Notes the child that takes members back or tries them again. One child of an identity is noted once. */
export function requestChild(command: {
  child: string
  kind: 'retry' | 'rollback'
  /** The one target that it is for; null: for all. */
  target: string | null
  by: string
}): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return refuse('upgrade-not-found', 'There is no such upgrade.')
    if (state.children.some(({ child }) => child === command.child)) return accept()
    if (!state.plan) return refuse('not-planned', 'The upgrade has not touched anything yet.')
    const draft = new Draft(state, now)
    draft.add({ type: 'ChildRequested', data: command })
    return draft.decision()
  }
}

/**
 * Notes that an execution is over while the upgrade is not; the next generation starts at once when this one got anything done,
 * else after a pause that doubles up to an hour.
 */
export function endExecution(command: {
  generation: number
  status: string
  cause: string | null
}): UpgradeDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state) || command.generation !== state.generation) return accept()
    if (state.restartAt !== null) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'ExecutionEnded', data: command })
    restartWhenDue(draft)
    return draft.decision()
  }
}

/** Starts the next generation when the pause after a fruitless one is over. */
export function restartWhenDue(draft: Draft): void {
  const { restartAt, generation } = draft.state
  if (restartAt === null || restartAt > draft.now) return
  draft.add({
    type: 'ExecutionStarting',
    data: { generation: generation + 1, reason: 'the execution ended early' },
  })
}
