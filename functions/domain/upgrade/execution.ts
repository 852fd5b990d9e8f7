import { accept } from '../aggregate.ts'
import { nextGeneration } from '../generation.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { heedPolicies } from './heed-policies.ts'
import { position } from './position.ts'
import { exists, hasEnded } from './state.ts'

/** An execution hands over to the next after so many waves: 400 waves of at most 40 events stay below AWS's 25,000. */
const wavesPerExecution = 400

const superseded = refuse('superseded', 'Another execution has taken over.')

/**
 * Starts a wave and admits what it may have in flight. Only the present execution may; one with a long history hands over to the
 * next generation instead.
 */
export function startWave(
  command: { wave: number; generation: number },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (!exists(state) || command.generation !== state.standing.generation) return superseded
    const { move, place: wave } = position(state, now)
    if (hasEnded(state) || move !== 'start-wave' || wave !== command.wave) return accept()
    const draft = new Draft(state, now)
    // What policies ask for may be another than when it was planned: then it does not begin.
    heedPolicies(draft, facts)
    if (position(draft.state, now).move !== 'start-wave') return draft.decision()
    if (wave - state.execution.fromWave >= wavesPerExecution) {
      const generation = state.standing.generation + 1
      draft.add({ type: 'ExecutionStarting', data: { generation, reason: `${wavesPerExecution} waves` } })
      return draft.decision()
    }
    draft.add({ type: 'WaveStarted', data: { wave } })
    // Everybody in it may have been skipped before it began: then it ends at once.
    advance(draft, facts)
    return draft.decision()
  }
}

/**
 * Ends an upgrade whose waves are through, or that was aborted and has nothing in flight. `unchanged`: whoever looked has found that its family
 * changed nobody, so that nothing is taken back, whatever the abort asked for.
 */
export function finishUpgrade(command: { generation: number; unchanged?: true }): UpgradeDecision {
  return (state, now) => {
    if (hasEnded(state)) return accept()
    if (!exists(state) || command.generation !== state.standing.generation) return superseded
    const { move } = position(state, now)
    const { failed, unreachable, skipped, inFlight } = state.standing.counts
    const isBack = command.unchanged === true && move === 'revert' && inFlight === 0
    if (move !== 'finish' && !isBack) return accept()
    const draft = new Draft(state, now)
    if (state.abort) draft.add({ type: 'UpgradeAborted', data: {} })
    else draft.add({ type: 'UpgradeCompleted', data: { exceptions: failed + unreachable + skipped > 0 } })
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
    if (!exists(state) || hasEnded(state) || command.generation !== state.standing.generation) return accept()
    if (state.execution.restartAt !== null) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'ExecutionEnded', data: command })
    restartWhenDue(draft)
    return draft.decision()
  }
}

/** Starts the next generation when the pause after a fruitless one is over. */
export function restartWhenDue(draft: Draft): void {
  const { state, now } = draft
  const next = exists(state) && !hasEnded(state) ? nextGeneration(state, now) : undefined
  if (next) draft.add(next)
}
