import { nameId } from '../../../events/name-id.ts'
import type { RolloutEvent } from '../../../events/rollout.ts'
import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import { Draft, type RolloutDecision } from './draft.ts'
import { isRunning } from './phases.ts'
import { exists, hasEnded } from './state.ts'

const rollbackNamespace = '39f5a6de-4b5e-5f0f-9a3e-0c4a7cf1c2b8'

/** Returns the id of the rollout that takes one back of its own accord. */
export function ownRollback(rollout: string): string {
  return nameId(rollout, rollbackNamespace)
}

type Ended = Omit<Extract<RolloutEvent, { type: 'PhaseEnded' }>['data'], 'passed' | 'name'>

/** Records how the upgrade of a phase ended. What did not end well holds those that depend on it, or takes all back where that was asked for. */
export function recordPhaseEnd(command: Ended & { rollout: string; upgrade: string }): RolloutDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state)) return accept()
    const { rollout, upgrade, ...end } = command
    const known = state.phases[end.phase]
    if (!known || !isRunning(known) || known.upgrade !== upgrade) return accept()
    const well = end.status === 'completed' || end.status === 'nothing_to_do'
    const passed = well || (end.status === 'completed_with_exceptions' && known.exceptions === 'accept')
    const draft = new Draft(state, now)
    draft.add({ type: 'PhaseEnded', data: { ...end, name: known.name, passed } })
    if (!passed && !state.abort && state.request.onFailure === 'rollback') {
      const reason = `The phase "${known.name}" did not end well: it is ${end.status}.`
      draft.add({ type: 'AbortRequested', data: { by: systemActor, reason, rollback: ownRollback(rollout) } })
    }
    return draft.decision()
  }
}
