import { systemActor } from '../actor.ts'
import { waveRange } from '../plan/waves.ts'
import { type AdmissionFacts, admit } from './admission.ts'
import type { Draft } from './draft.ts'
import { beginGate } from './gate.ts'
import { holdOf } from './hold.ts'
import { checkHolds } from './holding.ts'
import { checkLimits } from './limits.ts'
import { isPlanned } from './state.ts'

/**
 * Takes an upgrade as far as it may go now, in the commit of what has just been decided: a limit that is exceeded halts it, window and
 * stop hold it, free slots are taken, and a wave that is through ends.
 */
export function advance(draft: Draft, facts: AdmissionFacts): void {
  checkLimits(draft)
  haltWithdrawn(draft, facts)
  checkHolds(draft, facts)
  admit(draft, facts)
  endWaveWhenOver(draft)
  leaveRest(draft)
}

/** Where no opening has come for as long as the request waits for one, who is left over stays out and the upgrade ends with its exceptions. */
function leaveRest(draft: Draft): void {
  const { state, now } = draft
  if (!isPlanned(state) || state.abort || state.standing.counts.inFlight > 0) return
  const { status, holds, counts } = state.standing
  const lapses = holdOf(holds, 'WINDOW_CLOSED')?.lapses ?? null
  if (lapses === null || lapses > now || (status !== 'running' && status !== 'scheduled')) return
  if (state.stage === 'planned') {
    draft.add({ type: 'UpgradeExpired', data: { detail: 'Nothing opens any more, and it has not begun.' } })
    return
  }
  const { deferred, retrying, succeeded, failed, unreachable, skipped } = counts
  const pending = state.plan.members - deferred - retrying - succeeded - failed - unreachable - skipped
  if (pending + deferred + retrying === 0) return
  draft.add({ type: 'RestLeftOut', data: { code: 'window_over', pending, deferred, retrying } })
  draft.add({ type: 'UpgradeCompleted', data: { exceptions: true } })
}

/** A release that was withdrawn reaches nobody else: somebody is to look. */
function haltWithdrawn(draft: Draft, { releaseWithdrawn }: AdmissionFacts): void {
  const { state } = draft
  if (releaseWithdrawn === null || state.stage !== 'in-wave' || state.standing.status !== 'running') return
  const reason = `The release was withdrawn: ${releaseWithdrawn}`.slice(0, 512)
  draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
}

/** Ends the present wave when every member has come to its end, or an abort has nothing in flight any more. */
export function endWaveWhenOver(draft: Draft): void {
  const { state } = draft
  if (state.stage !== 'in-wave' || state.standing.counts.inFlight > 0) return
  const { plan, wave, chunks, abort } = state
  const { to } = waveRange(plan.waves, plan.members, wave.number)
  const { retrying, deferred } = wave.counts
  if (!abort && (chunks.cursor < to || retrying + deferred > 0)) return
  draft.add({ type: 'WaveEnded', data: { wave: wave.number } })
  if (!abort) beginGate(draft)
}
