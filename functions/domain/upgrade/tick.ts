import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import { awaitsApproval } from '../standing.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { membersWith } from './chunks.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { restartWhenDue } from './execution.ts'
import { endBake } from './gate.ts'
import { hasFailed } from './measuring.ts'
import { inParts, rangesPerEvent, toRanges } from './members.ts'
import { bakeIsOver, mayBeSilent, type Silence } from './silence.ts'
import { exists, hasBegun, hasEnded, isPlanned } from './state.ts'
import { isForgotten } from './telling.ts'
import { approvalDeadline, expiryOf } from './wake-up.ts'

function expire(draft: Draft): void {
  const { state, now } = draft
  if (state.stage !== 'planned' || state.abort) return
  const expiry = expiryOf(state)
  if (expiry && expiry.at <= now) draft.add({ type: 'UpgradeExpired', data: { detail: expiry.detail } })
}

/** A bake after which somebody may have fallen silent ends only where it is known how many have. */
function endBakeWhenDue(draft: Draft, silence: Silence | undefined): void {
  const { state, now } = draft
  if (!bakeIsOver(state, now)) return
  const known = silence?.wave === state.wave.number ? silence.members : undefined
  if (known === undefined && mayBeSilent(state, now) && !hasFailed(state)) return
  draft.add({ type: 'BakeEnded', data: { wave: state.wave.number } })
  endBake(draft, Math.min(known ?? 0, state.wave.counts.succeeded))
}

/** Nobody waits for ever: what nobody continues is paused, which says so to everybody who listens. */
function pauseUncontinued(draft: Draft): void {
  const { state, now } = draft
  if (state.stage !== 'between-waves' || state.abort || state.standing.status !== 'running') return
  if (state.awaits?.kind !== 'continue' || state.awaits.until > now) return
  const reason = `Nobody continued it by ${state.awaits.until}.`
  draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
}

/** The same for a window that somebody has moved and nobody has approved: who is in flight ends, nobody else begins. */
function pauseUnapproved(draft: Draft): void {
  const { state, now } = draft
  if (!hasBegun(state) || state.abort || state.standing.status !== 'running' || !awaitsApproval(state)) return
  const deadline = approvalDeadline(state)
  if (deadline > now) return
  draft.add({
    type: 'UpgradePaused',
    data: { by: systemActor, reason: `Nobody approved it again by ${deadline}.` },
  })
}

function passDeadlines(draft: Draft): void {
  const { state, now } = draft
  if (!isPlanned(state)) return
  const asked = membersWith(state.chunks, 'in_flight', ({ askBy, askAgain }) =>
    [askBy, askAgain].some((instant) => instant !== null && instant <= now),
  )
  const ranges = toRanges(asked.map(([member]) => member))
  for (const members of inParts(ranges, rangesPerEvent))
    draft.add({ type: 'DeadlinePassed', data: { members } })
}

/**
 * Time enters the upgrade here and nowhere else: expiry, the end of a bake, deadlines, due retries, edges of windows and freezes.
 * Ticking twice at one instant changes nothing the second time. Who can tell who has fallen silent while a wave was watched says so.
 */
export function tick(facts: AdmissionFacts, silence?: Silence): UpgradeDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state)) return accept()
    const draft = new Draft(state, now)
    if (isForgotten(state, now)) draft.tell()
    expire(draft)
    if (!hasEnded(draft.state)) {
      restartWhenDue(draft)
      endBakeWhenDue(draft, silence)
      pauseUncontinued(draft)
      pauseUnapproved(draft)
      passDeadlines(draft)
      advance(draft, facts)
    }
    return draft.decision({ exact: true })
  }
}
