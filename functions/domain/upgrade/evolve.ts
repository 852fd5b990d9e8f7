import type { Tally } from '../../../events/tally.ts'
import { after, earliest, minute, second } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { systemActor } from '../actor.ts'
import type { CommitContext } from '../aggregate.ts'
import { begunAt, endedAt, firstGeneration } from '../generation.ts'
import { withExpectedTime } from '../plan/expected-time.ts'
import { waveRange } from '../plan/waves.ts'
import { awaitsApproval } from '../standing.ts'
import { noTally, sumOfTallies } from '../tally/tally.ts'
import {
  admitMembers,
  askMembers,
  closedChunks,
  endMembers,
  failMembers,
  memberAt,
  moveQuestion,
  regressMembers,
  settle,
  skipMembers,
} from './chunks.ts'
import { count, lossesOf, noCounts } from './counts.ts'
import { withMeasurement } from './measuring.ts'
import { withAdmissions } from './shares.ts'
import { requestedStanding, standingAfter } from './standing.ts'
import {
  type BetweenWaves,
  type Child,
  type Ended,
  type ExistingUpgrade,
  hasBegun,
  type InWave,
  isPlanned,
  type PlannedUpgrade,
  planOf,
  type Requested,
  type UpgradeState,
} from './state.ts'

/** How long the reactor has to ask targets whose deadline passed before they are asked again, in milliseconds. */
const askAgainAfter = 5 * minute

type Type = UpgradeEvent['type']
type Event<Of extends Type> = Extract<UpgradeEvent, { type: Of }>

/** An event where no decision puts it: the log, or this version, is at fault. */
class MisplacedEvent extends Error {
  override readonly name = 'MisplacedEvent'
  constructor({ stage }: UpgradeState, type: Type) {
    super(`${type} cannot follow where an upgrade is in the stage "${stage}": run the audit on its stream.`)
  }
}

/** Returns the state after one event. `context.at` is the instant of its commit. */
export function evolve(before: UpgradeState, event: UpgradeEvent, context: CommitContext): UpgradeState {
  const { at } = context
  if (event.type === 'UpgradeRequested') return requested(event, at)
  if (before.stage === 'none') throw new MisplacedEvent(before, event.type)
  const state: ExistingUpgrade = { ...before, standing: standingAfter(before.standing, event, at) }
  switch (event.type) {
    case 'UpgradePlanned':
      return planned(state, event, at)
    case 'ApprovalGiven':
      return approved(state, event, at)
    case 'ApprovalsDemanded':
      return { ...withPlan(state, event), approvalsSince: at }
    case 'ApprovalsVoided':
      return { ...withPlan(reopened(state, at), event), approvals: [], approvalsSince: at }
    case 'ApprovalAwaited':
      return state
    case 'PlanningFailed':
    case 'UpgradeRejected':
    case 'UpgradeExpired':
    case 'UpgradeAborted':
    case 'UpgradeCompleted':
      return ended(state)
    case 'ExecutionStarting':
    case 'ExecutionEnded':
      return driven(state, event, at)
    case 'WaveStarted':
      return waveStarted(state, event, context)
    case 'TargetsAdmitted':
      return admitted(state, event, at)
    case 'OutcomesRecorded':
      return recorded(state, event, at)
    case 'AttemptsTallied': {
      const { untold: _, ...told } = begun(state, event)
      return told
    }
    case 'MembersRegressed':
      return regressed(state, event)
    case 'DeadlinePassed':
      return asked(state, event, at)
    case 'DeadlineMoved': {
      const { chunk, until } = event.data
      const known = withPlan(state, event)
      return { ...known, chunks: moveQuestion(known.chunks, chunk, until) }
    }
    case 'MembersSkipped':
      return skipped(state, event)
    case 'RetriesGivenUp': {
      const known = inWave(state, event)
      const chunks = failMembers(known.chunks, event.data.members, endOfWave(known))
      return { ...counted(known, event), chunks }
    }
    case 'ThresholdBreached': {
      const known = begun(state, event)
      return { ...known, breached: [...known.breached, event.data.kind] }
    }
    case 'WaveEnded':
      return between(progressed(begun(state, event)), null)
    case 'BakeStarted':
      return baking(state, event, at)
    case 'MeasurementTaken': {
      const known = begun(state, event)
      const { metric, result } = event.data
      const measured = withMeasurement(known.wave.measured, metric, result)
      return { ...known, wave: { ...known.wave, measured } }
    }
    case 'BakeEnded':
      return between(begun(state, event), null)
    case 'GateEvaluated': {
      const known = begun(state, event)
      const wave = { ...known.wave, silent: event.data.silent ?? 0 }
      return between({ ...known, wave }, event.data.result === 'passed' ? null : { kind: 'operator' })
    }
    case 'ContinueAwaited':
      return between(begun(state, event), { kind: 'continue', until: event.data.until })
    case 'ContinueGiven':
      return between(progressed(begun(state, event)), null)
    case 'HoldPlaced':
    case 'UpgradePaused':
      return state
    case 'HoldLifted':
      // What lacks a share keeps nobody else out.
      return event.data.code === 'BUDGET' ? state : reopened(state, at)
    case 'ShareKept': {
      const { budget, ...share } = event.data
      const known = begun(state, event)
      return { ...known, shares: { ...known.shares, [budget]: share } }
    }
    case 'UpgradeResumed':
      return resumed(state, event, at)
    case 'FreezeOverridden':
      return overridden(state, event)
    case 'CalendarsBound':
      return { ...atWork(state, event), calendars: event.data.calendars }
    case 'WindowSet':
      return moved(state, event, at)
    case 'AbortRequested':
      return { ...state, abort: { ...event.data, at: state.abort?.at ?? at } }
    case 'ChildRequested': {
      const { child, kind, target } = event.data
      return { ...state, ...withChild(state, { child, kind, target, at }) }
    }
    case 'WakeUpMoved':
      return { ...state, wakeUp: { at: event.data.at, moves: event.data.sequence } }
  }
}

function requested({ data }: Event<'UpgradeRequested'>, at: string): Requested {
  const { request, by, rollout, awaitsOpening } = data
  const { window, calendars } = request
  return {
    stage: 'requested',
    standing: requestedStanding(request),
    request,
    requestedBy: by,
    requestedAt: at,
    window,
    calendars,
    awaitsOpening: awaitsOpening === true,
    windowBy: null,
    children: [],
    childrenBefore: 0,
    abort: null,
    rollout: rollout ?? null,
    execution: { ...firstGeneration(at), fromWave: 0 },
    wakeUp: { at: null, moves: 0 },
  }
}

/** So many children are kept: with the longest names, and all chunks open that may be, the state stays below 16 KB. */
const childrenAtMost = 6

/** The oldest is left to the log, of those for one target first: whether all of it was to be taken back stays known. */
function withChild(
  { children, childrenBefore }: ExistingUpgrade,
  child: Child,
): Pick<ExistingUpgrade, 'children' | 'childrenBefore'> {
  const all = [...children, child]
  if (all.length <= childrenAtMost) return { children: all, childrenBefore }
  const oldest = Math.max(
    0,
    all.findIndex(({ target }) => target !== null),
  )
  return { children: all.toSpliced(oldest, 1), childrenBefore: childrenBefore + 1 }
}

function planned(
  state: ExistingUpgrade,
  { type, data }: Event<'UpgradePlanned'>,
  at: string,
): PlannedUpgrade {
  if (state.stage !== 'requested') throw new MisplacedEvent(state, type)
  const { told: _, ...plan } = data
  return {
    ...progressed(state),
    request: withExpectedTime(state.request, plan.expected),
    stage: 'planned',
    plan,
    plannedAt: at,
    approvals: [],
    approvalsSince: at,
    chunks: closedChunks(data.members),
  }
}

function approved(state: ExistingUpgrade, event: Event<'ApprovalGiven'>, at: string): PlannedUpgrade {
  const known = withPlan(state, event)
  const { by, comment, window, role } = event.data
  const approval = { by, at, window, comment, ...(role && { role }) }
  return { ...known, approvals: [...known.approvals, approval] }
}

/** What was approved of a profile's upgrade holds in each window that the profile opens for it. */
function moved(state: ExistingUpgrade, event: Event<'WindowSet'>, at: string): Requested | PlannedUpgrade {
  const known = atWork(reopened(state, at), event)
  const { start, end, by } = event.data
  const window = { start, end }
  const after = { ...known, window, awaitsOpening: false, windowBy: by === systemActor ? null : by }
  if (!isPlanned(after) || by !== systemActor) return after
  return { ...after, approvals: after.approvals.map((approval) => ({ ...approval, window })) }
}

/** What is kept of an upgrade that is over: who asked for what, who approved it, and what came of it. */
function ended(state: ExistingUpgrade): Ended {
  const { standing, request, requestedBy, requestedAt, window, calendars, abort, wakeUp } = state
  const { children, childrenBefore, rollout } = state
  return {
    stage: 'ended',
    ...{
      standing,
      request,
      requestedBy,
      requestedAt,
      window,
      calendars,
      children,
      childrenBefore,
      abort,
      rollout,
      wakeUp,
    },
    plan: planOf(state),
    approvals: 'approvals' in state ? state.approvals : [],
    budgets: hasBegun(state) ? Object.keys(state.shares) : [],
  }
}

function driven(
  state: ExistingUpgrade,
  event: Event<'ExecutionStarting' | 'ExecutionEnded'>,
  at: string,
): UpgradeState {
  const known = atWork(state, event)
  const { execution, standing } = known
  if (event.type === 'ExecutionEnded') return { ...known, execution: endedAt(execution, at) }
  const fromWave = Math.max(standing.wave, 0)
  return { ...known, execution: { ...begunAt(execution, at), fromWave } }
}

function waveStarted(
  state: ExistingUpgrade,
  event: Event<'WaveStarted'>,
  { at, commit }: CommitContext,
): InWave {
  const known = progressed(withPlan(state, event))
  const number = event.data.wave
  const { from, to } = waveRange(known.plan.waves, known.plan.members, number)
  let skippedBefore = 0
  for (let member = from; member < to; member++) {
    if (memberAt(known.chunks, member)?.status === 'skipped') skippedBefore++
  }
  const { awaits: _, ...rest } = { awaits: null, ...known }
  return {
    ...rest,
    stage: 'in-wave',
    chunks: settle(known.chunks, to),
    wave: {
      number,
      startedAt: at,
      commit,
      counts: noCounts,
      skippedBefore,
      acknowledged: { failed: 0, unreachable: 0 },
      regressed: { members: [], more: false },
      silent: 0,
      measured: [],
    },
    breached: hasBegun(known) ? known.breached : [],
    acknowledgedFailures: hasBegun(known) ? known.acknowledgedFailures : 0,
    acknowledgedLosses: hasBegun(known) ? known.acknowledgedLosses : 0,
    openSince: hasBegun(known) ? known.openSince : at,
    failedTries: hasBegun(known) ? known.failedTries : 0,
    overrode: hasBegun(known) ? known.overrode : [],
    shares: hasBegun(known) ? known.shares : {},
    lately: hasBegun(known) ? known.lately : [],
  }
}

function admitted(state: ExistingUpgrade, event: Event<'TargetsAdmitted'>, at: string): InWave {
  const known = inWave(state, event)
  // Who accepts at once and falls silent has run out after the time of one attempt: that may be long before the time to accept is over.
  const silent = after(at, known.request.deadlines.attempt * second)
  const askBy = earliest(event.data.acceptBy, silent)
  return {
    ...shared(counted(known, event), event, at),
    chunks: admitMembers(known.chunks, event.data, askBy, endOfWave(known)),
  }
}

/** Keeps by which shares targets were admitted, and how many in the last hour. */
function shared(state: InWave, { data }: Event<'TargetsAdmitted'>, at: string): InWave {
  const { members, retried, readmitted, budgets = [] } = data
  if (budgets.length === 0) return state
  const shares = budgets.map(({ budget, ...share }) => [budget, share] as const)
  const admitted = [...members, ...retried, ...readmitted].reduce((sum, [from, to]) => sum + to - from, 0)
  return {
    ...state,
    shares: { ...state.shares, ...Object.fromEntries(shares) },
    lately: withAdmissions(state.lately, admitted, at),
  }
}

function recorded(state: ExistingUpgrade, event: Event<'OutcomesRecorded'>, at: string): InWave {
  const known = withUntold(progressed(inWave(state, event)), event.data.tally, at)
  const { chunks, failedTries } = endMembers(known.chunks, event.data, endOfWave(known))
  return { ...counted(known, event), chunks, failedTries: Math.max(known.failedTries, failedTries) }
}

function withUntold(state: InWave, tally: Tally | undefined, at: string): InWave {
  if (!tally) return state
  const { since, tally: before } = state.untold ?? { since: at, tally: noTally }
  return { ...state, untold: { since, tally: sumOfTallies([before, tally]) } }
}

function asked(state: ExistingUpgrade, event: Event<'DeadlinePassed'>, at: string): PlannedUpgrade {
  const known = withPlan(state, event)
  return { ...known, chunks: askMembers(known.chunks, event.data.members, after(at, askAgainAfter)) }
}

/** Only the present wave hears of it. */
function regressed(state: ExistingUpgrade, event: Event<'MembersRegressed'>): InWave | BetweenWaves {
  const known = counted(begun(state, event), event)
  const members = event.data.members.map(({ member }) => member)
  const { regressed: before } = known.wave
  const present = {
    members: [...before.members, ...members],
    more: before.more || event.data.more === true,
  }
  return {
    ...known,
    wave: { ...known.wave, regressed: present },
    chunks: regressMembers(known.chunks, members),
  }
}

/** Members of later waves, too, may be skipped; the present wave counts its own. */
function skipped(state: ExistingUpgrade, event: Event<'MembersSkipped'>): PlannedUpgrade {
  const known = withPlan(state, event)
  if (!hasBegun(known)) return { ...known, chunks: skipMembers(known.chunks, event.data.members, 0) }
  const present = waveRange(known.plan.waves, known.plan.members, known.wave.number)
  const members = event.data.members
    .map(([from, to]): [number, number] => [Math.max(from, present.from), Math.min(to, present.to)])
    .filter(([from, to]) => from < to)
  return {
    ...counted(known, { ...event, data: { ...event.data, members } }),
    chunks: skipMembers(known.chunks, event.data.members, present.to),
  }
}

/** So many are remembered, as many as may be in force at once. */
const overrodeAtMost = 100

function overridden(state: ExistingUpgrade, event: Event<'FreezeOverridden'>): InWave | BetweenWaves {
  const known = begun(state, event)
  const { ref, since } = event.data
  return { ...known, overrode: [...known.overrode, { ref, since }].slice(-overrodeAtMost) }
}

/** Nothing of a kind keeps everybody out any more: who is busy is waited for from now on. */
function reopened(state: ExistingUpgrade, at: string): ExistingUpgrade {
  return hasBegun(state) ? { ...state, openSince: at } : state
}

/** Goes on, with what somebody has acknowledged accepted, and whatever a gate found; who continues it has all the time again. */
function resumed(state: ExistingUpgrade, { data }: Event<'UpgradeResumed'>, at: string): UpgradeState {
  if (!hasBegun(state)) return state
  const approvalsSince = awaitsApproval(state) ? at : state.approvalsSince
  const resumed = { ...(data.acknowledged ? acknowledged(state) : state), openSince: at, approvalsSince }
  if (resumed.stage === 'in-wave') return resumed
  const { awaits } = resumed
  if (awaits?.kind === 'continue') {
    const until = after(at, state.request.deadlines.continue * second)
    return { ...resumed, awaits: { kind: 'continue', until } }
  }
  return { ...resumed, awaits: awaits?.kind === 'operator' ? null : awaits }
}

/** Whoever resumed had seen every failure there is: a resume that had not is refused. */
function acknowledged<Begun extends InWave | BetweenWaves>(state: Begun): Begun {
  const { failed, unreachable } = state.wave.counts
  return {
    ...state,
    wave: { ...state.wave, acknowledged: { failed, unreachable } },
    acknowledgedFailures: state.standing.counts.failed,
    acknowledgedLosses: lossesOf(state.standing.counts),
    breached: [],
  }
}

function between(state: InWave | BetweenWaves, awaits: BetweenWaves['awaits']): BetweenWaves {
  return { ...state, stage: 'between-waves', awaits }
}

function baking(state: ExistingUpgrade, event: Event<'BakeStarted'>, at: string): BetweenWaves {
  const { until, least = until } = event.data
  return between(begun(state, event), { kind: 'bake', since: at, least, until })
}

function counted<Begun extends InWave | BetweenWaves>(state: Begun, event: UpgradeEvent): Begun {
  return { ...state, wave: { ...state.wave, counts: count(state.wave.counts, event) } }
}

function progressed<Driven extends Requested | PlannedUpgrade>(state: Driven): Driven {
  return { ...state, execution: { ...state.execution, progressed: true } }
}

function endOfWave({ plan, wave }: InWave): number {
  return waveRange(plan.waves, plan.members, wave.number).to
}

function atWork(state: ExistingUpgrade, { type }: UpgradeEvent): Requested | PlannedUpgrade {
  if (state.stage === 'ended') throw new MisplacedEvent(state, type)
  return state
}

function withPlan(state: ExistingUpgrade, { type }: UpgradeEvent): PlannedUpgrade {
  if (!isPlanned(state)) throw new MisplacedEvent(state, type)
  return state
}

function begun(state: ExistingUpgrade, { type }: UpgradeEvent): InWave | BetweenWaves {
  if (!hasBegun(state)) throw new MisplacedEvent(state, type)
  return state
}

function inWave(state: ExistingUpgrade, { type }: UpgradeEvent): InWave {
  if (state.stage !== 'in-wave') throw new MisplacedEvent(state, type)
  return state
}
