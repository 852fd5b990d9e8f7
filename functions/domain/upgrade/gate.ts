import { after, second } from '../../../events/time.ts'
import type { Following, UpgradeRequest } from '../../../events/upgrade.ts'
import { afterWave } from '../plan/after-wave.ts'
import { waveCount } from '../plan/waves.ts'
import { haltBy } from './breach.ts'
import type { MemberCounts } from './counts.ts'
import type { Draft } from './draft.ts'
import { limitOf } from './limits.ts'
import { verdictsOn, watchOf } from './measuring.ts'
import { type BetweenWaves, hasBegun, type InWave, type UpgradeState } from './state.ts'

function isLastWave({ plan, wave }: InWave | BetweenWaves): boolean {
  return wave.number + 1 >= waveCount(plan.waves, plan.members)
}

/** Returns what follows the present wave. */
function following(state: InWave | BetweenWaves) {
  return afterWave(state, state.wave.number)
}

/** Is a wave left to run before it is judged? The last one only where there is a gate that judges it. */
export function isWatched(
  { bakeSeconds, gate }: Pick<Following, 'bakeSeconds' | 'gate'>,
  isLast: boolean,
): boolean {
  return bakeSeconds > 0 && (!isLast || gate !== null)
}

/** What follows when the members of a wave have come to their ends: its bake, where it has one, else what follows after that. */
export function beginGate(draft: Draft): void {
  const { state, now } = draft
  if (!hasBegun(state)) return
  const { bakeSeconds, gate } = following(state)
  const { metrics } = state.request
  if (metrics) {
    draft.add({
      type: 'BakeStarted',
      data: { wave: state.wave.number, ...watchOf(bakeSeconds, metrics, now) },
    })
  } else if (isWatched({ bakeSeconds, gate }, isLastWave(state))) {
    const until = after(now, bakeSeconds * second)
    draft.add({ type: 'BakeStarted', data: { wave: state.wave.number, until } })
  } else {
    endBake(draft)
  }
}

/**
 * What follows when a wave and its bake are over: the gate, and the wait for somebody to continue. `silent` are how many of its members
 * succeeded and have not been heard of since.
 */
export function endBake(draft: Draft, silent = 0): void {
  judgeWave(draft, silent)
  awaitContinue(draft)
}

/** Returns the verdict on a wave that had passed, as it is now; undefined: it has not been judged, or whoever follows it does not wait for that. */
export function judgedAnew(state: UpgradeState): Verdict | undefined {
  if (state.stage !== 'between-waves' || state.abort) return undefined
  const waits = state.awaits === null || state.awaits.kind === 'continue'
  return waits ? verdictOn(state, silentIn(state)) : undefined
}

const silentIn = ({ wave }: BetweenWaves) => Math.min(wave.silent, wave.counts.succeeded)

/** Judges a wave anew that had passed, and in which some have failed since: it has to pass still. */
export function judgeAgain(draft: Draft): void {
  const { state } = draft
  const verdict = judgedAnew(state)
  if (state.stage === 'between-waves' && verdict && verdict.result !== 'passed')
    judgeWave(draft, silentIn(state))
}

/** Waits for somebody to continue, where the request wants that between waves and the wave has passed. */
export function awaitContinue(draft: Draft): void {
  const { state } = draft
  if (state.stage !== 'between-waves' || state.awaits !== null) return
  if (!following(state).continueByHand || isLastWave(state)) return
  const until = after(draft.now, state.request.deadlines.continue * second)
  draft.add({ type: 'ContinueAwaited', data: { wave: state.wave.number, until } })
}

interface Verdict {
  readonly result: 'passed' | 'failed' | 'inconclusive'
  readonly successRatePercent: number | null
  readonly required: number
  /** Why it did not pass. */
  readonly reason: string
  /** The metric that it did not pass by. */
  readonly metric?: string
}

/** Returns what was measured, in words, where it did not pass. */
function measuredWords({ metric, measured, verdict }: ReturnType<typeof verdictsOn>[number]): string {
  const { name, count, failures, inconclusive } = metric
  if (verdict === 'failed')
    return `${name} was out of bounds in ${measured.bad} of ${measured.taken} measurements, ${failures} allowed`
  if (measured.inconclusive > inconclusive)
    return `${name} gave no number in ${measured.inconclusive} of ${measured.taken} measurements, ${inconclusive} allowed`
  return `${name} was measured ${measured.taken - measured.inconclusive} times, ${count} required`
}

/** The verdict on a wave by what has become of its members, and by what was measured: of both, the one that stands in the way. */
export function verdictOn(state: InWave | BetweenWaves, silent: number): Verdict {
  const byOutcomes = verdictByOutcomes(state, silent)
  const measured = verdictsOn(state)
  const worst =
    measured.find(({ verdict }) => verdict === 'failed') ??
    measured.find(({ verdict }) => verdict === 'inconclusive')
  if (!worst || byOutcomes.result === 'failed') return byOutcomes
  if (worst.verdict === 'inconclusive' && byOutcomes.result === 'inconclusive') return byOutcomes
  return { ...byOutcomes, result: worst.verdict, reason: measuredWords(worst), metric: worst.metric.name }
}

function verdictByOutcomes(state: InWave | BetweenWaves, silent: number): Verdict {
  const { gate } = following(state)
  return judgeOutcomes(gate, {
    ...{ wave: state.wave.counts, silent, bears: limitOf(state, 'unreachable') },
    ...{ isLast: isLastWave(state), succeeded: state.standing.counts.succeeded },
  })
}

/** What a wave is judged by, where nothing was measured. */
interface Outcomes {
  readonly wave: Pick<MemberCounts, 'succeeded' | 'failed' | 'unreachable'>
  /** How many of those that succeeded have not been heard of since, and of how many that is borne. */
  readonly silent: number
  readonly bears: number
  readonly isLast: boolean
  /** How many have succeeded in the whole upgrade. */
  readonly succeeded: number
}

/**
 * Judges a wave by its success rate, where the request has a gate. Where it has none, nothing follows before anybody has succeeded: no data
 * is never a pass (design: #bakes-and-gates). Who has fallen silent is no data, and too many of them leave nothing to go by.
 */
export function judgeOutcomes(
  gate: UpgradeRequest['gate'],
  { wave: counts, silent, bears, isLast, succeeded }: Outcomes,
): Verdict {
  const required = gate?.successRatePercent ?? 0
  const well = counts.succeeded - silent
  const judged = gate ? well + counts.failed + counts.unreachable : 0
  const successRatePercent = judged === 0 ? null : Math.floor((well * 10_000) / judged) / 100
  const verdict = (result: Verdict['result'], reason: string): Verdict => {
    return { ...{ result, successRatePercent, required, reason } }
  }
  if (silent > bears)
    return verdict('inconclusive', `nothing was heard of ${silent} since they succeeded, ${bears} allowed`)
  if (!gate) {
    const passed = isLast || succeeded > silent
    return verdict(passed ? 'passed' : 'inconclusive', 'nobody has succeeded yet')
  }
  if (judged === 0) return verdict('inconclusive', 'no data to judge the wave by')
  const passed = well * 100 >= required * judged
  return verdict(passed ? 'passed' : 'failed', `${successRatePercent} % succeeded, ${required} % required`)
}

function judgeWave(draft: Draft, silent: number): void {
  const { state } = draft
  if (!hasBegun(state)) return
  const { result, successRatePercent, required, reason, metric } = verdictOn(state, silent)
  // Without a gate only what stands in the way is told.
  if (!following(state).gate && !state.request.metrics && result === 'passed') return
  const byMetric = metric !== undefined && { metric, reason }
  const data = { wave: state.wave.number, result, successRatePercent, required, ...byMetric }
  draft.add({ type: 'GateEvaluated', data: { ...data, ...(silent > 0 && { silent }) } })
  if (result === 'passed') return
  // Where nobody can tell, nothing is taken back for it: somebody is to look.
  const action = (result === 'failed' && following(state).gate?.action) || 'pause'
  draft.add(haltBy(action, reason))
}
