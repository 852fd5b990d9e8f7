import { accept } from '../aggregate.ts'
import { Draft, type RolloutDecision, refuse } from './draft.ts'
import { isAwaited, isPassed, phaseUpgrade, startable } from './phases.ts'
import { position } from './position.ts'
import { exists, hasEnded } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

const superseded = refuse('superseded', 'Another execution has taken over.')

/**
 * Begins the phases that may begin now. `overtaken` says of how many targets of an ended phase it was found that they do not run any more what
 * it had put there, by its number: such a phase counts for nothing, and those that depend on it wait for a person. Only the present execution may.
 */
export function startPhases(command: {
  rollout: string
  generation: number
  overtaken: ReadonlyMap<number, number>
}): RolloutDecision {
  return (state, now) => {
    if (!exists(state) || command.generation !== state.standing.generation) return superseded
    if (position(state, now).move !== 'start-phases') return accept()
    const draft = new Draft(state, now)
    for (const [phase, targets] of command.overtaken) {
      const known = state.phases[phase]
      if (known && targets > 0 && isPassed(known) && !known.accepted && isAwaited(state, phase))
        draft.add({ type: 'PhaseOvertaken', data: { phase, name: known.name, targets } })
    }
    for (let free = true; free; ) {
      free = false
      const present = draft.state
      if (!exists(present)) break
      for (const phase of startable(present, now)) {
        const { name = '', kind, members } = present.phases[phase] ?? {}
        const empty = kind === 'deploy' && members === 0
        const upgrade = phaseUpgrade(command.rollout, phase)
        if (empty) draft.add({ type: 'PhaseSkipped', data: { phase, name } })
        else draft.add({ type: 'PhaseStarted', data: { phase, name, upgrade } })
        // Nothing was done in it: what depends on it may begin in the same breath.
        free ||= empty
      }
    }
    return draft.decision()
  }
}

/** Ends a rollout whose phases are through, or that was aborted and has none that runs. */
export function finishRollout(command: { generation: number }): RolloutDecision {
  return (state, now) => {
    if (hasEnded(state)) return accept()
    if (!exists(state) || command.generation !== state.standing.generation) return superseded
    if (position(state, now).move !== 'finish') return accept()
    const draft = new Draft(state, now)
    const flawless = state.phases.every(
      ({ end, overtaken }) =>
        end?.status !== 'completed_with_exceptions' && end?.passed === true && overtaken === null,
    )
    if (state.abort) draft.add({ type: 'RolloutAborted', data: {} })
    else draft.add({ type: 'RolloutCompleted', data: { exceptions: !flawless } })
    return draft.decision()
  }
}

/** Notes that an execution is over while the rollout is not; the next generation starts at once, or after a pause. */
export function endExecution(command: {
  generation: number
  status: string
  cause: string | null
}): RolloutDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state) || command.generation !== state.standing.generation) return accept()
    if (state.execution.restartAt !== null) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'ExecutionEnded', data: command })
    draft.restartWhenDue()
    return draft.decision()
  }
}

/** Time enters the rollout here and nowhere else. Ticking twice at one instant changes nothing the second time. */
export function tick(): RolloutDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state)) return accept()
    const draft = new Draft(state, now)
    const deadline = state.abort ? null : approvalDeadline(state)
    if (deadline !== null && deadline <= now)
      draft.add({ type: 'RolloutExpired', data: { detail: `Nobody approved it by ${deadline}.` } })
    draft.restartWhenDue()
    return draft.decision({ exact: true })
  }
}
