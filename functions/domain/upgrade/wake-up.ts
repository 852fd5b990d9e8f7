import { after, earliest, later, minute, second } from '../../../events/time.ts'
import { holdOf, keepsEverybodyOut } from './hold.ts'
import {
  type ExistingUpgrade,
  hasBegun,
  type InWave,
  isPlanned,
  type Planned,
  type PlannedUpgrade,
  type Requested,
} from './state.ts'

/**
 * Until when deferred members are tried again before the wave goes on without them. A wave that is carried over to another window has as
 * long in that one; while a closed window or a stop keeps everybody out, nobody stays out for having been busy: null.
 */
export function waveDeadline({ standing, request, wave, window }: InWave): string | null {
  if (keepsEverybodyOut(standing.holds)) return null
  const { accept, attempt } = request.deadlines
  const began = later(wave.startedAt, window?.start ?? wave.startedAt)
  return after(began, (accept + attempt) * second)
}

/** When an approval that nobody gave makes the upgrade expire. */
export function approvalDeadline({ plannedAt, request }: Planned): string {
  return after(plannedAt, request.approvals.expiresInSeconds * second)
}

/** Does the upgrade wait for approvals or its first wave, so that the end of its window would end it? Paused, only for the wave. */
export function expiresWithWindow({ standing: { status } }: Planned): boolean {
  return status === 'pending_approval' || status === 'scheduled' || status === 'paused'
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
  const { status, holds, counts } = state.standing
  let due = state.execution.restartAt
  if (!isPlanned(state)) return due
  const takesBack = counts.inFlight > 0 ? takesBackAt(state) : null
  // Once the wake-up has come to it, what is due is the execution's to do, which the move of the wake-up rouses.
  if (takesBack !== state.wakeUp.at) due = earliest(due, takesBack)
  if (state.stage === 'planned') {
    if (status === 'pending_approval') due = earliest(due, approvalDeadline(state))
    if (expiresWithWindow(state)) due = earliest(due, state.window?.end ?? null)
  }
  if (state.stage === 'between-waves' && state.awaits?.kind === 'bake' && !state.abort)
    due = earliest(due, state.awaits.until)
  const open = Object.values(state.chunks.open)
  due = earliest(due, ...open.flatMap(({ askBy, askAgain }) => [askBy, askAgain]))
  if (status !== 'running' || !hasBegun(state)) return due
  // Whoever waits for another try waits for the window first, and what opens that admits them.
  const closed = holdOf(holds, 'WINDOW_CLOSED')
  if (closed) return earliest(due, closed.until)
  due = earliest(due, ...open.flatMap(({ retryAt, deferredAt }) => [retryAt, deferredAt]))
  return state.stage === 'in-wave' && counts.deferred > 0 ? earliest(due, waveDeadline(state)) : due
}
