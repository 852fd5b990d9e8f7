import { after, earliest, second } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import {
  approved,
  awaitsApproval,
  type DemandedApprovals,
  interrupted,
  type Life,
  requestedLife,
  scheduledWhenApproved,
  waitedFor,
} from '../standing.ts'
import { endsAttempt } from '../target/outcome.ts'
import { count, type MemberCounts, noCounts } from './counts.ts'
import { awaitingApproval, type Hold, type HoldCode, holdOf, withHold, withoutHolds } from './hold.ts'
import type { UpgradeStatus } from './status.ts'

/** Where an upgrade stands, as lists show it: a fold of its own, which the upgrade's state and its row in the views both hold. */
export interface Standing extends Life {
  /** Is it to run even while everything is stopped? */
  readonly breakGlass: boolean
  readonly counts: MemberCounts
  readonly holds: readonly Hold[]
  /** The present wave, from 0; -1 before the first. */
  readonly wave: number
  /** How long it waits after each attempt; left out: it does not. */
  readonly spacingSeconds?: number
}

/** Returns where an upgrade stands that has just been requested. */
export function requestedStanding({
  approvals,
  breakGlass,
}: Extract<UpgradeEvent, { type: 'UpgradeRequested' }>['data']['request']): Standing {
  return {
    ...requestedLife(approvals),
    breakGlass,
    counts: noCounts,
    holds: [],
    wave: -1,
  }
}

/** Returns where an upgrade stands after an event that was decided at an instant. */
export function standingAfter(before: Standing, event: UpgradeEvent, at: string): Standing {
  const held = before.holds.filter(({ code, until }) => code !== 'SPACING' || until === null || at < until)
  const standing: Standing = { ...before, counts: count(before.counts, event), holds: held }
  const hold = (code: HoldCode, held: Partial<Omit<Hold, 'code' | 'since'>> = {}) =>
    withHold(standing.holds, code, { since: at, until: null, ref: null, lapses: null, ...held })
  const lift = (...codes: readonly HoldCode[]) => withoutHolds(standing.holds, ...codes)
  const end = (status: UpgradeStatus, failure: Standing['failure'] = null): Standing => ({
    ...standing,
    status,
    endedAt: at,
    holds: [],
    failure,
  })
  switch (event.type) {
    case 'UpgradePlanned': {
      const needed = Math.max(standing.approvals.needed, event.data.exposure?.approvals ?? 0)
      const { spacingSeconds } = event.data
      const planned = { ...standing, ...(spacingSeconds !== undefined && { spacingSeconds }) }
      if (needed === 0) return { ...planned, status: 'scheduled' }
      const pending = { ...planned, approvals: { ...standing.approvals, needed } }
      const holds = awaiting(pending, at, at)
      return { ...pending, status: 'pending_approval', resumesTo: 'pending_approval', holds }
    }
    case 'PlanningFailed':
      return end('failed', event.data)
    case 'ApprovalGiven': {
      const next = approved(standing, event.data.counts)
      return awaitsApproval({ standing: next }) ? next : { ...next, holds: lift('APPROVAL') }
    }
    case 'ApprovalsDemanded':
      return demanded(standing, event.data.demands, at)
    case 'ApprovalsVoided':
      return voided(standing, at)
    case 'UpgradeRejected':
      return end('rejected', { code: 'rejected', detail: event.data.reason })
    case 'UpgradeExpired':
      return end('expired', { code: 'expired', detail: event.data.detail })
    case 'ExecutionStarting':
      return { ...standing, generation: event.data.generation }
    case 'OutcomesRecorded':
      return {
        ...standing,
        holds: spacedAfter({ ...standing, holds: busyAfter(standing, event.data, at) }, event.data, at),
      }
    case 'TargetsAdmitted':
      return {
        ...standing,
        holds: standing.counts.deferred === 0 ? lift('BUSY', 'SPACING') : lift('SPACING'),
      }
    case 'MembersSkipped':
      return standing.counts.deferred === 0 ? { ...standing, holds: lift('BUSY') } : standing
    case 'WaveStarted':
      return {
        ...standing,
        status: 'running',
        resumesTo: 'running',
        holds: lift('APPROVAL', 'CONTINUE'),
        wave: event.data.wave,
        startedAt: standing.startedAt ?? at,
      }
    case 'BakeStarted':
      return { ...standing, holds: hold('BAKING', { until: event.data.until }) }
    case 'BakeEnded':
      return { ...standing, holds: lift('BAKING') }
    case 'GateEvaluated': {
      const { result, successRatePercent, metric } = event.data
      if (result === 'passed') return standing
      const ref = metric ?? (successRatePercent === null ? 'no data' : `${successRatePercent} % succeeded`)
      const code = result === 'failed' ? 'GATE_FAILED' : 'GATE_INCONCLUSIVE'
      // A wave that nobody is to continue any more: it had passed, and some have failed since.
      const holds = withHold(lift('CONTINUE'), code, { since: at, until: null, ref, lapses: null })
      return { ...standing, holds }
    }
    case 'ContinueAwaited':
      return { ...standing, holds: hold('CONTINUE', { lapses: event.data.until }) }
    case 'ContinueGiven':
      return { ...standing, holds: lift('CONTINUE') }
    case 'HoldPlaced': {
      const { code, ...held } = event.data
      return { ...standing, holds: hold(code, held) }
    }
    case 'HoldLifted':
      return { ...standing, holds: lift(event.data.code) }
    case 'UpgradePaused':
      return { ...interrupted(standing), holds: hold('OPERATOR', { ref: event.data.reason }) }
    case 'UpgradeResumed':
      return resumed({ ...standing, holds: lift('OPERATOR', 'GATE_FAILED', 'GATE_INCONCLUSIVE') }, at)
    case 'AbortRequested':
      return { ...standing, status: 'aborting', holds: [] }
    case 'UpgradeAborted':
      return end('aborted')
    case 'UpgradeCompleted':
      return end(event.data.exceptions ? 'completed_with_exceptions' : 'completed')
    default:
      return standing
  }
}

/**
 * Members whose targets are busy are a hold of their own, until none waits any more: which upgrade most of them wait for, and when the first of
 * them is tried again.
 */
function busyAfter(
  { holds, counts }: Standing,
  { outcomes, due }: Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data'],
  at: string,
): readonly Hold[] {
  const busy = outcomes.filter(({ outcome, again }) => outcome === 'deferred' && again === 'deferred')
  if (busy.length === 0) return counts.deferred === 0 ? withoutHolds(holds, 'BUSY') : holds
  const others = [...Map.groupBy(busy, ({ busyWith }) => busyWith ?? null)]
  const [[ref] = [null]] = others.sort(([, left], [, right]) => right.length - left.length)
  const until = earliest(...due.flatMap((one) => (one.kind === 'deferred' ? [one.at] : [])))
  return withHold(holds, 'BUSY', { since: holdOf(holds, 'BUSY')?.since ?? at, until, ref, lapses: null })
}

/** An attempt has ended: the next waits for so long, where the plan says how long. */
function spacedAfter(
  { holds, spacingSeconds = 0 }: Standing,
  { outcomes }: Pick<Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data'], 'outcomes'>,
  at: string,
): readonly Hold[] {
  if (spacingSeconds === 0 || !outcomes.some(({ outcome }) => endsAttempt(outcome))) return holds
  const until = after(at, spacingSeconds * second)
  return withHold(holds, 'SPACING', { since: at, until, ref: null, lapses: null })
}

/** The approvals that are needed are waited for from an instant on, and for as long as the first ones were. */
function awaiting({ holds, approvals, breakGlass }: Standing, since: string, at: string): readonly Hold[] {
  const lapses = after(at, waitedFor(approvals) * second)
  return withHold(holds, 'APPROVAL', awaitingApproval(since, lapses, breakGlass))
}

/** Nobody has approved it any more: what has begun stays begun and admits nobody. */
function voided(before: Standing, at: string): Standing {
  const none = before.approvals.demanded?.map((one) => ({ ...one, given: 0 }))
  const approvals = { ...before.approvals, given: 0, ...(none && { demanded: none }) }
  return unapproved({ ...before, approvals }, at)
}

/** Policies ask for other approvals than before: it waits for those that are lacking, or for none any more. */
function demanded(before: Standing, demands: readonly DemandedApprovals[], at: string): Standing {
  const standing = { ...before, approvals: { ...before.approvals, demanded: demands } }
  if (awaitsApproval({ standing })) return unapproved(standing, at)
  return { ...scheduledWhenApproved(standing), holds: withoutHolds(standing.holds, 'APPROVAL') }
}

function unapproved(standing: Standing, at: string): Standing {
  const wait = <Status>(status: Status) => (status === 'scheduled' ? 'pending_approval' : status)
  const { status, resumesTo } = standing
  return {
    ...standing,
    status: wait(status),
    resumesTo: wait(resumesTo),
    holds: awaiting(standing, at, at),
  }
}

/** Goes on where it was interrupted; who is to approve what has begun has all the time again. */
function resumed(standing: Standing, at: string): Standing {
  const { resumesTo: status, holds } = standing
  const present = status === 'running' ? holdOf(holds, 'APPROVAL') : undefined
  return { ...standing, status, holds: present ? awaiting(standing, present.since, at) : holds }
}
