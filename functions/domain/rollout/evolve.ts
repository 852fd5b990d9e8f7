import type { RolloutEvent } from '../../../events/rollout.ts'
import type { CommitContext } from '../aggregate.ts'
import { begunAt, endedAt, firstGeneration } from '../generation.ts'
import { requestedStanding, standingAfter } from './standing.ts'
import { type Child, type ExistingRollout, exists, type Phase, type RolloutState } from './state.ts'

/** So many children are kept; the log has all. */
const childrenAtMost = 6

/** An event where no decision puts it: the log, or this version, is at fault. */
class MisplacedEvent extends Error {
  override readonly name = 'MisplacedEvent'
  constructor(type: RolloutEvent['type']) {
    super(`${type} cannot come before the rollout was requested: run the audit on its stream.`)
  }
}

/** Returns the state after one event. `context.at` is the instant of its commit. */
export function evolve(before: RolloutState, event: RolloutEvent, { at }: CommitContext): RolloutState {
  if (event.type === 'RolloutRequested') return requested(event.data, at)
  if (!exists(before)) throw new MisplacedEvent(event.type)
  const state: ExistingRollout = { ...before, standing: standingAfter(before.standing, event, at) }
  switch (event.type) {
    case 'PhaseDeclared': {
      const { name, dependsOn, pauseSeconds, exceptions, does } = event.data.declaration
      const declared = { name, kind: does.kind, dependsOn, pauseSeconds, exceptions, ...untouched }
      return { ...state, phases: state.phases.toSpliced(event.data.phase, 1, declared) }
    }
    case 'PhasePlanned': {
      const { planHash, members } = event.data.plan
      return withPhase(state, event.data.phase, { planHash, members })
    }
    case 'RolloutPlanned':
      return progressed({
        ...{ ...state, stage: 'planned', planHash: event.data.planHash, plannedAt: at },
        exposed: event.data.exposure?.phases ?? [],
      })
    case 'ApprovalAwaited':
      return state
    case 'ApprovalGiven': {
      const { by, comment } = event.data
      return { ...state, approvals: [...state.approvals, { by, at, comment }] }
    }
    case 'PlanningFailed':
    case 'RolloutRejected':
    case 'RolloutExpired':
    case 'RolloutAborted':
    case 'RolloutCompleted':
      return { ...state, stage: 'ended' }
    case 'ExecutionStarting':
      return { ...state, execution: begunAt(state.execution, at) }
    case 'ExecutionEnded':
      return { ...state, execution: endedAt(state.execution, at) }
    case 'PhaseStarted': {
      const { phase, upgrade } = event.data
      return progressed(withPhase(state, phase, { upgrade, startedAt: at }))
    }
    case 'PhaseSkipped': {
      const nothing = { status: 'nothing_to_do', planHash: null, passed: true } as const
      const end = { ...nothing, succeeded: 0, failed: 0, skipped: 0, at }
      return progressed(withPhase(state, event.data.phase, { startedAt: at, end }))
    }
    case 'PhaseEnded': {
      const { phase, name: _, ...end } = event.data
      return progressed(withPhase(state, phase, { end: { ...end, at } }))
    }
    case 'PhaseOvertaken':
      return withPhase(state, event.data.phase, { overtaken: event.data.targets })
    case 'PhaseAccepted':
      return progressed(withPhase(state, event.data.phase, { accepted: true }))
    case 'WindowMoved':
      return progressed({ ...state, window: event.data.window })
    case 'RolloutPaused':
      return { ...state, paused: { ...event.data, at } }
    case 'RolloutResumed':
      return { ...state, paused: null }
    case 'AbortRequested':
      return { ...state, abort: { ...event.data, at: state.abort?.at ?? at } }
    case 'ChildRequested': {
      const { child, phases } = event.data
      const noted: Child = { child, phases, at }
      return { ...state, children: [...state.children, noted].slice(-childrenAtMost) }
    }
    case 'WakeUpMoved':
      return { ...state, wakeUp: { at: event.data.at, moves: event.data.sequence } }
  }
}

/** What a phase has before anything becomes of it. */
const untouched = {
  planHash: null,
  members: 0,
  upgrade: null,
  startedAt: null,
  end: null,
  overtaken: null,
  accepted: false,
} as const

function requested(
  { request, by }: Extract<RolloutEvent, { type: 'RolloutRequested' }>['data'],
  at: string,
): ExistingRollout {
  return {
    stage: 'requested',
    standing: requestedStanding(request),
    request,
    requestedBy: by,
    requestedAt: at,
    phases: [],
    planHash: null,
    plannedAt: null,
    exposed: [],
    approvals: [],
    window: null,
    paused: null,
    abort: null,
    children: [],
    execution: firstGeneration(at),
    wakeUp: { at: null, moves: 0 },
  }
}

function withPhase(state: ExistingRollout, phase: number, change: Partial<Phase>): ExistingRollout {
  return {
    ...state,
    phases: state.phases.map((known, index) => (index === phase ? { ...known, ...change } : known)),
  }
}

function progressed(state: ExistingRollout): ExistingRollout {
  return { ...state, execution: { ...state.execution, progressed: true } }
}
