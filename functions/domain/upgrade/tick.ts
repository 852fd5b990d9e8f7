import { accept } from '../aggregate.ts'
import { type AdmissionFacts, admit, checkHolds, systemActor } from './admission.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { restartWhenDue } from './lifecycle.ts'
import { membersOf, toRanges } from './members.ts'
import { afterBake, checkThresholds, endWaveWhenOver } from './outcomes.ts'
import { exists, hasEnded } from './state.ts'
import { approvalDeadline, notBegun, waveDeadline } from './wake-up.ts'

function expire(draft: Draft): void {
  const { state, now } = draft
  const deadline = approvalDeadline(state)
  if (state.status === 'pending_approval' && deadline !== null && deadline <= now) {
    draft.add({ type: 'UpgradeExpired', data: { detail: `Nobody approved it by ${deadline}.` } })
  } else if (
    (state.status === 'pending_approval' || notBegun(state)) &&
    state.window &&
    state.window.end <= now
  ) {
    draft.add({
      type: 'UpgradeExpired',
      data: { detail: `Its window ended at ${state.window.end} before it began.` },
    })
  }
}

function endBake(draft: Draft): void {
  const { bakeUntil, wave } = draft.state
  if (bakeUntil === null || bakeUntil > draft.now) return
  draft.add({ type: 'BakeEnded', data: { wave } })
  afterBake(draft)
}

function passDeadlines(draft: Draft): void {
  const asked: number[] = []
  for (const [chunk, { askBy, askAgain }] of Object.entries(draft.state.chunks)) {
    const due = [askBy, askAgain].some((instant) => instant !== null && instant <= draft.now)
    if (!due) continue
    for (const [index, member] of membersOf(draft.state.chunks, Number(chunk))) {
      if (member.status === 'in_flight') asked.push(index)
    }
  }
  if (asked.length > 0) draft.add({ type: 'DeadlinePassed', data: { members: toRanges(asked) } })
}

/** Members that were busy until the wave's deadline stay out. */
function dropDeferred(draft: Draft): void {
  const deadline = waveDeadline(draft.state)
  if (draft.state.status !== 'running' || deadline === null || deadline > draft.now) return
  const busy: number[] = []
  for (const chunk of Object.keys(draft.state.chunks)) {
    for (const [index, member] of membersOf(draft.state.chunks, Number(chunk))) {
      if (member.status === 'deferred') busy.push(index)
    }
  }
  if (busy.length === 0) return
  const data = { members: toRanges(busy), was: 'deferred', code: 'busy', by: systemActor } as const
  draft.add({ type: 'MembersSkipped', data })
  checkThresholds(draft)
}

/**
 * Time enters the upgrade here and nowhere else: expiry, the end of a bake, deadlines, due retries, edges of windows and freezes.
 * Ticking twice at one instant changes nothing the second time.
 */
export function tick(facts: AdmissionFacts): UpgradeDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state)) return accept()
    const draft = new Draft(state, now)
    expire(draft)
    if (!hasEnded(draft.state)) {
      restartWhenDue(draft)
      endBake(draft)
      passDeadlines(draft)
      dropDeferred(draft)
      if (draft.state.status === 'scheduled') checkHolds(draft, facts)
      admit(draft, facts)
      endWaveWhenOver(draft)
    }
    return draft.decision({ exact: true })
  }
}
