import { earlier } from './members.ts'
import { holdOf, type UpgradeState } from './state.ts'

/** How long deferred members are tried again before the wave goes on without them, in milliseconds. */
export function waveDeadline(state: UpgradeState): string | null {
  if (state.stage !== 'active' || state.waveStartedAt === null || !state.request) return null
  const { accept, attempt } = state.request.deadlines
  return new Date(Date.parse(state.waveStartedAt) + (accept + attempt) * 1000).toISOString()
}

/** When an approval that nobody gave makes the upgrade expire. */
export function approvalDeadline(state: UpgradeState): string | null {
  if (state.plannedAt === null || !state.request) return null
  return new Date(Date.parse(state.plannedAt) + state.request.approvals.expiresInSeconds * 1000).toISOString()
}

/** Does the upgrade still wait for its first wave, paused or not? */
export function notBegun(state: UpgradeState): boolean {
  return state.plan !== null && state.wave < 0 && (state.phase === 'scheduled' || state.phase === 'paused')
}

/** Returns the earliest instant at which a tick would find something to decide; null when only a command can. */
export function earliestDue(state: UpgradeState): string | null {
  let due = state.restartAt
  if (state.phase === 'pending_approval') due = earlier(due, approvalDeadline(state))
  if (state.phase === 'pending_approval' || notBegun(state)) due = earlier(due, state.window?.end ?? null)
  due = earlier(due, state.bakeUntil)
  for (const { askBy, askAgain } of Object.values(state.chunks)) due = earlier(due, earlier(askBy, askAgain))
  if (state.phase !== 'running') return due
  for (const { retryAt, deferredAt } of Object.values(state.chunks))
    due = earlier(due, earlier(retryAt, deferredAt))
  if (state.counts.deferred > 0) due = earlier(due, waveDeadline(state))
  return earlier(due, holdOf(state, 'WINDOW_CLOSED')?.until ?? null)
}
