import { after, earliest, later, minute, second } from '../../../events/time.ts'
import { waveRange } from '../plan/waves.ts'
import { awaitsApproval, waitedFor } from '../standing.ts'
import { attentions } from './chunks.ts'
import { holdOf } from './hold.ts'
import { isHalted } from './limits.ts'
import { isWatched, nextLook } from './measuring.ts'
import { spacedUntil } from './spacing.ts'
import {
  type ExistingUpgrade,
  hasBegun,
  isPlanned,
  type Planned,
  type PlannedUpgrade,
  type Requested,
} from './state.ts'

/** When an approval that nobody gave makes the upgrade expire, or pauses it where it has begun. */
export function approvalDeadline({ approvalsSince, standing }: PlannedUpgrade): string {
  return after(approvalsSince, waitedFor(standing.approvals) * second)
}

/**
 * Returns when an upgrade that has not begun expires, and why, judged by the clock alone, whether it is paused or not: nobody approves it, or
 * its window ends. Null: nothing bounds the wait.
 */
export function expiryOf(state: Planned): { readonly at: string; readonly detail: string } | null {
  const { window } = state
  const deadline = awaitsApproval(state) ? approvalDeadline(state) : null
  if (deadline !== null && (window === null || deadline <= window.end))
    return { at: deadline, detail: `Nobody approved it by ${deadline}.` }
  return window && { at: window.end, detail: `Its window ended at ${window.end} before it began.` }
}

/** What is in flight has so long to end before an abort that takes back goes ahead without waiting for it, in milliseconds. */
const longestWaitToTakeBack = 15 * minute

/**
 * Returns when an aborted upgrade takes back what it touched though something is in flight still: one silent target must not keep all
 * others on a bad version. By then nobody accepts any more. Null: nothing is to be taken back, or it is asked for already.
 */
export function takesBackAt({ abort, children, standing }: ExistingUpgrade): string | null {
  // One target that was taken back before is no reason to leave the others as they are.
  const asked = children.some(({ kind, target }) => kind === 'rollback' && target === null)
  return abort?.rollBack && standing.wave >= 0 && !asked ? after(abort.at, longestWaitToTakeBack) : null
}

/** Returns the earliest instant at which a tick would find something to decide; null when only a command can. */
export function earliestDue(state: Requested | PlannedUpgrade): string | null {
  const { status, holds } = state.standing
  let due = state.execution.restartAt
  if (!isPlanned(state)) return due
  const takesBack = state.standing.counts.inFlight > 0 ? takesBackAt(state) : null
  // Once the wake-up has come to it, what is due is the execution's to do, which the move of the wake-up rouses.
  if (takesBack !== state.wakeUp.at) due = earliest(due, takesBack)
  if (state.stage === 'planned' && !state.abort) due = earliest(due, expiryOf(state)?.at ?? null)
  if (state.stage === 'between-waves' && !state.abort) {
    const { awaits } = state
    if (isWatched(state)) due = earliest(due, nextLook(state))
    else if (awaits?.kind === 'continue' && status === 'running') due = earliest(due, awaits.until)
  }
  const wanted = attentions(state.chunks)
  due = earliest(due, ...wanted.flatMap(({ askBy, askAgain }) => [askBy, askAgain]))
  if (status !== 'running' && status !== 'scheduled') return due
  if (awaitsApproval(state)) return hasBegun(state) ? earliest(due, approvalDeadline(state)) : due
  // Whoever waits for another try waits for the window first, and what opens that admits them.
  const closed = holdOf(holds, 'WINDOW_CLOSED')
  const unmet = holdOf(holds, 'POLICY')
  if (unmet) due = earliest(due, unmet.until)
  const lacking = holdOf(holds, 'BUDGET')
  if (lacking) due = earliest(due, lacking.until)
  if (closed) return earliest(due, closed.until, closed.lapses)
  const again = wanted.flatMap(({ retryAt, deferredAt }) => [retryAt, deferredAt])
  const spaced = spacedUntil(state)
  if (spaced === null) return earliest(due, ...again)
  // Whoever is due before that is admitted then, and so is the next whose turn it is.
  const admitted = again.map((at) => at && later(at, spaced))
  return earliest(due, ...admitted, hasNext(state) ? spaced : null)
}

/** Is there a member that was never admitted, and that nothing but time keeps from being the next? */
function hasNext(state: PlannedUpgrade): boolean {
  if (state.stage !== 'in-wave' || state.standing.counts.retrying > 0 || isHalted(state)) return false
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave.number)
  return state.chunks.cursor < to
}
