import { after, earliest, second } from '../../../events/time.ts'
import { holdOf } from './hold.ts'
import { awaitsApproval } from './standing.ts'
import { hasBegun, isPlanned, type Planned, type PlannedUpgrade, type Requested } from './state.ts'

/** When an approval that nobody gave makes the upgrade expire, or pauses it where it has begun. */
export function approvalDeadline({ approvalsSince, request }: PlannedUpgrade): string {
  return after(approvalsSince, request.approvals.expiresInSeconds * second)
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

/** Returns the earliest instant at which a tick would find something to decide; null when only a command can. */
export function earliestDue(state: Requested | PlannedUpgrade): string | null {
  const { status, holds } = state.standing
  let due = state.execution.restartAt
  if (!isPlanned(state)) return due
  if (state.stage === 'planned' && !state.abort) due = earliest(due, expiryOf(state)?.at ?? null)
  if (state.stage === 'between-waves' && !state.abort) {
    const { awaits } = state
    const bounded = awaits?.kind === 'bake' || (awaits?.kind === 'continue' && status === 'running')
    if (bounded) due = earliest(due, awaits.until)
  }
  const open = Object.values(state.chunks.open)
  due = earliest(due, ...open.flatMap(({ askBy, askAgain }) => [askBy, askAgain]))
  if (status !== 'running' && status !== 'scheduled') return due
  if (awaitsApproval(state)) return hasBegun(state) ? earliest(due, approvalDeadline(state)) : due
  // Whoever waits for another try waits for the window first, and what opens that admits them.
  const closed = holdOf(holds, 'WINDOW_CLOSED')
  if (closed) return earliest(due, closed.until, closed.lapses)
  return earliest(due, ...open.flatMap(({ retryAt, deferredAt }) => [retryAt, deferredAt]))
}
