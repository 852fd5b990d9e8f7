import { waveRange } from '../plan/waves.ts'
import { type AdmissionFacts, admit, checkHolds } from './admission.ts'
import { membersWith } from './chunks.ts'
import type { Draft } from './draft.ts'
import { beginGate } from './gate.ts'
import { checkLimits } from './limits.ts'
import { toRanges } from './members.ts'

/**
 * Takes an upgrade as far as it may go now, in the commit of what has just been decided: a limit that is exceeded halts it, window and
 * stop hold it, free slots are taken, and a wave that is through ends.
 */
export function advance(draft: Draft, facts: AdmissionFacts): void {
  checkLimits(draft)
  const { state } = draft
  if (state.stage === 'planned' && state.standing.status === 'scheduled') checkHolds(draft, state, facts)
  admit(draft, facts)
  endWaveWhenOver(draft)
}

/** After an abort nobody is admitted again: who waits to be tried again has failed, who was busy is left out. */
function giveUpWaiting(draft: Draft): void {
  const { state } = draft
  if (state.stage !== 'in-wave' || !state.abort) return
  const waiting = (status: 'retrying' | 'deferred') =>
    toRanges(membersWith(state.chunks, status).map(([member]) => member))
  const [retrying, deferred] = [waiting('retrying'), waiting('deferred')]
  if (retrying.length > 0) draft.add({ type: 'RetriesGivenUp', data: { members: retrying } })
  if (deferred.length === 0) return
  const data = { members: deferred, was: 'deferred', code: 'aborted', by: state.abort.by } as const
  draft.add({ type: 'MembersSkipped', data })
}

/** Ends the present wave when every member has come to its end, or an abort has nothing in flight any more. */
export function endWaveWhenOver(draft: Draft): void {
  giveUpWaiting(draft)
  const { state } = draft
  if (state.stage !== 'in-wave' || state.standing.counts.inFlight > 0) return
  const { plan, wave, chunks, abort } = state
  const { to } = waveRange(plan.waves, plan.members, wave.number)
  const { retrying, deferred } = wave.counts
  if (!abort && (chunks.cursor < to || retrying + deferred > 0)) return
  draft.add({ type: 'WaveEnded', data: { wave: wave.number } })
  if (!abort) beginGate(draft)
}
