import { after, earliest, second } from '../../../events/time.ts'
import { awaitsApproval } from '../standing.ts'
import { nextRest } from './phases.ts'
import type { ExistingRollout } from './state.ts'

/** Returns when a rollout expires that nobody has approved, paused or not; null: nothing bounds the wait. */
export function approvalDeadline({ plannedAt, standing, stage }: ExistingRollout): string | null {
  if (stage !== 'planned' || plannedAt === null || !awaitsApproval({ standing })) return null
  return after(plannedAt, standing.approvals.withinSeconds * second)
}

/** Returns the earliest instant at which a tick would find something to decide, or an execution to rouse; null when only a command can. */
export function earliestDue(state: ExistingRollout, now: string): string | null {
  if (state.stage === 'ended') return null
  const rests = state.stage === 'planned' && !state.abort ? (nextRest(state, now)?.until ?? null) : null
  return earliest(state.execution.restartAt, state.abort ? null : approvalDeadline(state), rests)
}
