import { earlier } from './members.ts'
import { holdOf, type UpgradeState } from './state.ts'

/**
 * Until when deferred members are tried again before the wave goes on without them. A wave that is carried over to another window has as
 * long in that one; while a closed window or a stop keeps everybody out, nobody stays out for having been busy: null.
 */
export function waveDeadline(state: UpgradeState): string | null {
  if (state.stage !== 'active' || state.waveStartedAt === null || !state.request) return null
  if (holdOf(state, 'WINDOW_CLOSED') || holdOf(state, 'FREEZE')) return null
  const { accept, attempt } = state.request.deadlines
  const began = Math.max(
    Date.parse(state.waveStartedAt),
    Date.parse(state.window?.start ?? state.waveStartedAt),
  )
  return new Date(began + (accept + attempt) * 1000).toISOString()
}

/** When an approval that nobody gave makes the upgrade expire. */
export function approvalDeadline(state: UpgradeState): string | null {
  if (state.plannedAt === null || !state.request) return null
  return new Date(Date.parse(state.plannedAt) + state.request.approvals.expiresInSeconds * 1000).toISOString()
}

/** Does the upgrade still wait for its first wave, paused or not? */
export function notBegun(state: UpgradeState): boolean {
  return state.plan !== null && state.wave < 0 && (state.status === 'scheduled' || state.status === 'paused')
}

/** Returns the earliest instant at which a tick would find something to decide; null when only a command can. */
export function earliestDue(state: UpgradeState): string | null {
  let due = state.restartAt
  if (state.status === 'pending_approval') due = earlier(due, approvalDeadline(state))
  if (state.status === 'pending_approval' || notBegun(state)) due = earlier(due, state.window?.end ?? null)
  due = earlier(due, state.bakeUntil)
  for (const { askBy, askAgain } of Object.values(state.chunks)) due = earlier(due, earlier(askBy, askAgain))
  if (state.status !== 'running') return due
  // Whoever waits for another try waits for the window first, and what opens that admits them.
  const closed = holdOf(state, 'WINDOW_CLOSED')
  if (closed) return earlier(due, closed.until)
  for (const { retryAt, deferredAt } of Object.values(state.chunks))
    due = earlier(due, earlier(retryAt, deferredAt))
  return state.counts.deferred > 0 ? earlier(due, waveDeadline(state)) : due
}
