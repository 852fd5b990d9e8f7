import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { systemActor } from '../actor.ts'
import { waveRange } from '../plan/waves.ts'
import { type AdmissionFacts, admit } from './admission.ts'
import { checkLimits } from './breach.ts'
import { freshMembers, membersWith } from './chunks.ts'
import type { Draft } from './draft.ts'
import { beginGate } from './gate.ts'
import { heedPolicies } from './heed-policies.ts'
import { holdOf } from './hold.ts'
import { checkHolds } from './holding.ts'
import { inParts, rangesPerEvent, toRanges } from './members.ts'
import { giveBack, holdForShare } from './sharing.ts'
import { isPlanned } from './state.ts'

/**
 * Takes an upgrade as far as it may go now, in the commit of what has just been decided: a limit that is exceeded halts it, window and
 * stop hold it, free slots are taken, and a wave that is through ends.
 */
export function advance(draft: Draft, facts: AdmissionFacts): void {
  checkLimits(draft)
  haltRefused(draft, facts)
  heedPolicies(draft, facts)
  checkHolds(draft, facts)
  giveBack(draft, facts)
  admit(draft, facts)
  holdForShare(draft, facts)
  endWaveWhenOver(draft)
  giveBack(draft, facts)
  leaveRest(draft)
}

/** Where no opening has come for as long as the request waits for one, who is left over stays out and the upgrade ends with its exceptions. */
function leaveRest(draft: Draft): void {
  const { state, now } = draft
  if (!isPlanned(state) || state.abort || state.standing.counts.inFlight > 0) return
  const { status, holds } = state.standing
  const lapses = holdOf(holds, 'WINDOW_CLOSED')?.lapses ?? null
  if (lapses === null || lapses > now || (status !== 'running' && status !== 'scheduled')) return
  if (state.stage === 'planned') {
    draft.add({ type: 'UpgradeExpired', data: { detail: 'Nothing opens any more, and it has not begun.' } })
    return
  }
  const out = { code: 'window_over', by: systemActor }
  const pending = freshMembers(state.chunks, state.plan.members, Number.POSITIVE_INFINITY)
  leaveOut(draft, pending, { ...out, was: 'pending' })
  giveUpWaiting(draft, out)
  if (draft.state !== state) draft.add({ type: 'UpgradeCompleted', data: { exceptions: true } })
}

/** A release that was withdrawn, or must not be rolled out any more, reaches nobody else: somebody is to look. */
function haltRefused(draft: Draft, { releaseWithdrawn, releaseRefused }: AdmissionFacts): void {
  const { state } = draft
  if (state.stage !== 'in-wave' || state.standing.status !== 'running') return
  if (releaseWithdrawn === null && releaseRefused === null) return
  const words =
    releaseWithdrawn === null
      ? `The release must not be rolled out: ${releaseRefused}`
      : `The release was withdrawn: ${releaseWithdrawn}`
  const reason = words.slice(0, 512)
  draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
}

type Skip = Extract<UpgradeEvent, { type: 'MembersSkipped' }>['data']

function leaveOut(draft: Draft, members: Iterable<number>, why: Omit<Skip, 'members'>): void {
  for (const ranges of inParts(toRanges(members), rangesPerEvent))
    draft.add({ type: 'MembersSkipped', data: { members: ranges, ...why } })
}

/** Nobody is admitted again, after an abort or as nothing opens any more: who waits to be tried again has failed, who was busy is left out. */
function giveUpWaiting(draft: Draft, why: Pick<Skip, 'code' | 'by'>): void {
  const { state } = draft
  if (state.stage !== 'in-wave') return
  const waiting = (status: 'retrying' | 'deferred') =>
    membersWith(state.chunks, status).map(([member]) => member)
  const retrying = toRanges(waiting('retrying'))
  for (const members of inParts(retrying, rangesPerEvent))
    draft.add({ type: 'RetriesGivenUp', data: { members } })
  leaveOut(draft, waiting('deferred'), { ...why, was: 'deferred' })
}

/** Ends the present wave when every member has come to its end, or an abort has nothing in flight any more. */
export function endWaveWhenOver(draft: Draft): void {
  const { state: before } = draft
  if (before.stage === 'in-wave' && before.abort)
    giveUpWaiting(draft, { code: 'aborted', by: before.abort.by })
  const { state } = draft
  if (state.stage !== 'in-wave' || state.standing.counts.inFlight > 0) return
  const { plan, wave, chunks, abort } = state
  const { to } = waveRange(plan.waves, plan.members, wave.number)
  const { retrying, deferred } = wave.counts
  if (!abort && (chunks.cursor < to || retrying + deferred > 0)) return
  draft.add({ type: 'WaveEnded', data: { wave: wave.number } })
  if (!abort) beginGate(draft)
}
