import { after, second } from '../../../events/time.ts'
import { systemActor } from '../actor.ts'
import { waveCount } from '../plan/waves.ts'
import type { Draft } from './draft.ts'
import { type BetweenWaves, hasBegun, type InWave } from './state.ts'

function isLastWave({ plan, wave }: InWave | BetweenWaves): boolean {
  return wave.number + 1 >= waveCount(plan.waves, plan.members)
}

/** What follows when the members of a wave have come to their ends: its bake, where it has one, else what follows after that. */
export function beginGate(draft: Draft): void {
  const { state, now } = draft
  if (!hasBegun(state)) return
  const { bakeSeconds, gate } = state.request
  if (bakeSeconds > 0 && (!isLastWave(state) || gate)) {
    const until = after(now, bakeSeconds * second)
    draft.add({ type: 'BakeStarted', data: { wave: state.wave.number, until } })
  } else {
    endBake(draft)
  }
}

/** What follows when a wave and its bake are over: the gate, and the wait for somebody to continue. */
export function endBake(draft: Draft): void {
  judgeWave(draft)
  awaitContinue(draft)
}

/** Waits for somebody to continue, where the request wants that between waves and the wave has passed. */
export function awaitContinue(draft: Draft): void {
  const { state } = draft
  if (state.stage !== 'between-waves' || state.awaits !== null) return
  if (!state.request.continueByHand || isLastWave(state)) return
  const until = after(draft.now, state.request.deadlines.continue * second)
  draft.add({ type: 'ContinueAwaited', data: { wave: state.wave.number, until } })
}

/**
 * Judges a wave by its success rate, where the request has a gate. Where it has none, nothing follows before anybody has succeeded: no data
 * is never a pass (design: #bakes-and-gates).
 */
function judgeWave(draft: Draft): void {
  const { state } = draft
  if (!hasBegun(state)) return
  const { gate } = state.request
  if (!gate && (isLastWave(state) || state.standing.counts.succeeded > 0)) return
  const { counts, number: wave } = state.wave
  const judged = gate ? counts.succeeded + counts.failed + counts.unreachable : 0
  const required = gate?.successRatePercent ?? 0
  const successRatePercent = judged === 0 ? null : Math.floor((counts.succeeded * 10_000) / judged) / 100
  const passed = judged > 0 && counts.succeeded * 100 >= required * judged
  const result = judged === 0 ? 'inconclusive' : passed ? 'passed' : 'failed'
  draft.add({ type: 'GateEvaluated', data: { wave, result, successRatePercent, required } })
  if (result === 'passed') return
  const reason =
    result === 'failed'
      ? `${successRatePercent} % succeeded, ${required} % required`
      : gate
        ? 'no data to judge the wave by'
        : 'nobody has succeeded yet'
  draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
}
