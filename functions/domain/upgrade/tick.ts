import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { membersWith } from './chunks.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { restartWhenDue } from './execution.ts'
import { endBake } from './gate.ts'
import { toRanges } from './members.ts'
import { exists, hasEnded, isPlanned } from './state.ts'
import { approvalDeadline, expiresWithWindow, waveDeadline } from './wake-up.ts'

function expire(draft: Draft): void {
  const { state, now } = draft
  if (state.stage !== 'planned') return
  const { window, standing } = state
  const deadline = approvalDeadline(state)
  if (standing.status === 'pending_approval' && deadline <= now) {
    draft.add({ type: 'UpgradeExpired', data: { detail: `Nobody approved it by ${deadline}.` } })
  } else if (expiresWithWindow(state) && window && window.end <= now) {
    const detail = `Its window ended at ${window.end} before it began.`
    draft.add({ type: 'UpgradeExpired', data: { detail } })
  }
}

function endBakeWhenDue(draft: Draft): void {
  const { state, now } = draft
  // An abort is not held by what a gate would find.
  if (state.stage !== 'between-waves' || state.abort) return
  if (state.awaits?.kind !== 'bake' || state.awaits.until > now) return
  draft.add({ type: 'BakeEnded', data: { wave: state.wave.number } })
  endBake(draft)
}

function passDeadlines(draft: Draft): void {
  const { state, now } = draft
  if (!isPlanned(state)) return
  const asked = membersWith(state.chunks, 'in_flight', ({ askBy, askAgain }) =>
    [askBy, askAgain].some((instant) => instant !== null && instant <= now),
  )
  const members = toRanges(asked.map(([member]) => member))
  if (members.length > 0) draft.add({ type: 'DeadlinePassed', data: { members } })
}

/** Members that were busy until the wave's deadline stay out. */
function dropDeferred(draft: Draft): void {
  const { state, now } = draft
  if (state.stage !== 'in-wave' || state.standing.status !== 'running') return
  const deadline = waveDeadline(state)
  if (deadline === null || deadline > now) return
  const busy = toRanges(membersWith(state.chunks, 'deferred').map(([member]) => member))
  if (busy.length === 0) return
  draft.add({
    type: 'MembersSkipped',
    data: { members: busy, was: 'deferred', code: 'busy', by: systemActor },
  })
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
      endBakeWhenDue(draft)
      passDeadlines(draft)
      dropDeferred(draft)
      advance(draft, facts)
    }
    return draft.decision({ exact: true })
  }
}
