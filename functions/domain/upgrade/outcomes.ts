import type { AttemptOutcome } from '../../../events/target.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { accept } from '../aggregate.ts'
import { isCritical } from '../critical.ts'
import { waveCount, waveRange } from '../plan/waves.ts'
import { type AdmissionFacts, admit, limitOf, systemActor, unacknowledged } from './admission.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { chunkOf, memberAt } from './members.ts'
import type { UpgradeState } from './state.ts'

/** The end of one attempt, as the target's stream tells it, citing the commit there. */
export interface ReportedOutcome {
  readonly member: number
  readonly n: number
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly retryable: boolean
  readonly commit: number
}

/** A deferred member is admitted again after so long (DESIGN §3), in milliseconds. */
const deferFor = 5 * 60_000
/** A member that is given back so often stays out; its number of admissions also has to fit one character of the state. */
const mostAdmissions = 500
/** The longest delay before a retry (DESIGN §6), in milliseconds. */
const longestDelay = 60 * 60_000

/** Returns a number in [0, 1) that depends on its arguments alone: retries spread out, and a replay decides the same. */
function spread(planHash: string, member: number, n: number): number {
  let hash = 2166136261
  for (const character of `${planHash}/${member}/${n}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 16777619)
  return (hash >>> 0) / 2 ** 32
}

/** Returns when a failed member may be tried again; null when it may not: no tries left, or no room in the window. */
function retryAt(
  state: UpgradeState,
  outcome: ReportedOutcome,
  failures: number,
  now: string,
): string | null {
  const { request, plan, window } = state
  if (!request || !plan || !outcome.retryable || isCritical(outcome.code)) return null
  if (failures >= request.retry.attempts) return null
  const delay = Math.min(longestDelay, request.retry.delaySeconds * 1000 * 2 ** failures)
  // A run that becomes gentler has few in flight, whose retries need no spreading: they wait for as long as it says.
  const share = request.retry.fewer === undefined ? spread(plan.planHash, outcome.member, outcome.n) : 1
  const at = Date.parse(now) + delay * share
  if (window && at + request.deadlines.expected * 1000 > Date.parse(window.end)) return null
  return new Date(at).toISOString()
}

/** Returns what becomes of a member after its attempt ended: is it admitted again, as what, and from when on? */
function nextTry(
  state: UpgradeState,
  reported: ReportedOutcome,
  failures: number,
  now: string,
): { again: 'retry' | 'deferred'; at: string } | null {
  if (state.abort || reported.n >= mostAdmissions) return null
  if (reported.outcome === 'withdrawn') return { again: 'deferred', at: now }
  if (reported.outcome === 'deferred') {
    return { again: 'deferred', at: new Date(Date.parse(now) + deferFor).toISOString() }
  }
  const at = reported.outcome === 'failed' ? retryAt(state, reported, failures, now) : null
  return at === null ? null : { again: 'retry', at }
}

/** Returns the event that records those outcomes that are news: the member is in flight, and with that admission. */
function newOutcomes(
  state: UpgradeState,
  reported: readonly ReportedOutcome[],
  now: string,
): UpgradeEvent | null {
  const seen = new Set<number>()
  const outcomes: Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data']['outcomes'] = []
  const due = new Map<string, { chunk: number; kind: 'retry' | 'deferred'; at: string }>()
  for (const end of reported) {
    const member = memberAt(state.chunks, end.member)
    if (member?.status !== 'in_flight' || member.n !== end.n || seen.has(end.member)) continue
    seen.add(end.member)
    const next = nextTry(state, end, member.failures, now)
    const { retryable: _, ...recorded } = end
    outcomes.push({ ...recorded, again: next?.again ?? null })
    if (next) {
      const chunk = chunkOf(end.member)
      const key = `${chunk}/${next.again}`
      const open = state.chunks[chunk]
      const before = due.get(key)?.at ?? (next.again === 'retry' ? open?.retryAt : open?.deferredAt) ?? null
      due.set(key, { chunk, kind: next.again, at: before !== null && before > next.at ? before : next.at })
    }
  }
  return outcomes.length === 0
    ? null
    : { type: 'OutcomesRecorded', data: { outcomes, due: [...due.values()] } }
}

/** Acts on a limit that is exceeded: failures **above** what is allowed, those an operator accepted left out. */
export function checkThresholds(draft: Draft): void {
  for (const kind of ['failures', 'unreachable'] as const) {
    const { state } = draft
    if (state.status !== 'running' || !state.request) return
    const allowed = limitOf(state, kind)
    const countNow = unacknowledged(state)[kind === 'failures' ? 'failed' : 'unreachable']
    if (countNow <= allowed) continue
    const action = kind === 'failures' ? state.request.failures.action : 'pause'
    draft.add({
      type: 'ThresholdBreached',
      data: { wave: state.wave, kind, count: countNow, allowed, action },
    })
    const reason = `${countNow} ${kind === 'failures' ? 'failed' : 'unreachable'} in wave ${state.wave + 1}, ${allowed} allowed`
    if (action === 'pause') draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
    else
      draft.add({
        type: 'AbortRequested',
        data: { by: systemActor, reason, rollBack: action === 'rollback' },
      })
  }
}

/** Judges a wave by its success rate, where the request has a gate: no data is never a pass. */
function evaluateGate(draft: Draft): void {
  const { request, waveCounts, wave } = draft.state
  if (!request?.gate) return
  const { succeeded, failed, unreachable } = waveCounts
  const judged = succeeded + failed + unreachable
  const required = request.gate.successRatePercent
  const successRatePercent = judged === 0 ? null : Math.floor((succeeded * 10_000) / judged) / 100
  const passed = judged > 0 && succeeded * 100 >= required * judged
  const result = judged === 0 ? 'inconclusive' : passed ? 'passed' : 'failed'
  draft.add({ type: 'GateEvaluated', data: { wave, result, successRatePercent, required } })
  if (result === 'passed') return
  const reason =
    result === 'failed'
      ? `${successRatePercent} % succeeded, ${required} % required`
      : 'no data to judge the wave by'
  draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
}

/** Waits for somebody to continue, where the request wants that between waves and the wave has passed. */
export function awaitContinue(draft: Draft): void {
  const { state } = draft
  if (!state.plan || !state.request?.continueByHand || state.stage !== 'passed') return
  const last = state.wave + 1 >= waveCount(state.plan.waves, state.plan.members)
  if (!last) draft.add({ type: 'ContinueAwaited', data: { wave: state.wave } })
}

/** What follows when a wave and its bake are over: the gate, and the wait for somebody to continue. */
export function afterBake(draft: Draft): void {
  evaluateGate(draft)
  awaitContinue(draft)
}

/** Ends the present wave when every member has come to its end, or an abort has nothing in flight any more. */
export function endWaveWhenOver(draft: Draft): void {
  const { state } = draft
  if (state.stage !== 'active' || !state.plan || !state.request || state.counts.inFlight > 0) return
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave)
  const { retrying, deferred } = state.waveCounts
  if (!state.abort && (state.cursor < to || retrying + deferred > 0)) return
  draft.add({ type: 'WaveEnded', data: { wave: state.wave } })
  if (state.abort) return
  const last = state.wave + 1 >= waveCount(state.plan.waves, state.plan.members)
  if (state.request.bakeSeconds > 0 && (!last || state.request.gate)) {
    const until = new Date(Date.parse(draft.now) + state.request.bakeSeconds * 1000).toISOString()
    draft.add({ type: 'BakeStarted', data: { wave: state.wave, until } })
  } else {
    afterBake(draft)
  }
}

/** Records how attempts ended, and what follows in the same commit: a limit exceeded, the wave's end, or the next admissions. */
export function recordOutcomes(reported: readonly ReportedOutcome[], facts: AdmissionFacts): UpgradeDecision {
  return (state, now) => {
    const recorded = newOutcomes(state, reported, now)
    if (!recorded) return accept()
    const draft = new Draft(state, now)
    draft.add(recorded)
    checkThresholds(draft)
    admit(draft, facts)
    endWaveWhenOver(draft)
    return draft.decision()
  }
}

/** Notes until when the attempts of a chunk may run on, as their targets answered. */
export function moveDeadline(command: { chunk: number; until: string }): UpgradeDecision {
  return (state, now) => {
    const open = state.chunks[command.chunk]
    if (!open || open.askAgain === command.until) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'DeadlineMoved', data: command })
    return draft.decision()
  }
}
