import type { RolloutEvent } from '../../../events/rollout.ts'
import { approved, interrupted, type Life, requestedLife } from '../standing.ts'
import type { UpgradeStatus } from '../upgrade/status.ts'

/** Where a rollout stands, as lists show it: a fold of its own, which the rollout's state and its row in the views both hold. */
export interface Standing extends Life {
  /** The phases that have begun, and those that have ended. */
  readonly begun: number
  readonly over: number
}

/** Returns where a rollout stands that has just been requested. */
export function requestedStanding({
  approvals,
}: Extract<RolloutEvent, { type: 'RolloutRequested' }>['data']['request']): Standing {
  return {
    ...requestedLife(approvals),
    begun: 0,
    over: 0,
  }
}

/** Returns where a rollout stands after an event that was decided at an instant. */
export function standingAfter(standing: Standing, event: RolloutEvent, at: string): Standing {
  const end = (status: UpgradeStatus, failure: Standing['failure'] = null): Standing => ({
    ...standing,
    status,
    endedAt: at,
    failure,
  })
  switch (event.type) {
    case 'RolloutPlanned': {
      const needed = Math.max(standing.approvals.needed, event.data.exposure?.approvals ?? 0)
      const status = needed === 0 ? 'scheduled' : 'pending_approval'
      return { ...standing, approvals: { ...standing.approvals, needed }, status, resumesTo: status }
    }
    case 'PlanningFailed':
      return end('failed', event.data)
    case 'ApprovalGiven':
      return approved(standing)
    case 'RolloutRejected':
      return end('rejected', { code: 'rejected', detail: event.data.reason })
    case 'RolloutExpired':
      return end('expired', { code: 'expired', detail: event.data.detail })
    case 'ExecutionStarting':
      return { ...standing, generation: event.data.generation }
    case 'PhaseStarted':
      return begin(standing, at)
    case 'PhaseSkipped':
      return { ...begin(standing, at), over: standing.over + 1 }
    case 'PhaseEnded':
      return { ...standing, over: standing.over + 1 }
    case 'RolloutPaused':
      return interrupted(standing)
    case 'RolloutResumed':
      return { ...standing, status: standing.resumesTo }
    case 'AbortRequested':
      return { ...standing, status: 'aborting' }
    case 'RolloutAborted':
      return end('aborted')
    case 'RolloutCompleted':
      return end(event.data.exceptions ? 'completed_with_exceptions' : 'completed')
    default:
      return standing
  }
}

/** A phase begins, and the rollout with the first of them. */
function begin(standing: Standing, at: string): Standing {
  const { begun, startedAt } = standing
  const present = { ...standing, begun: begun + 1, startedAt: startedAt ?? at }
  return { ...present, status: 'running', resumesTo: 'running' }
}
