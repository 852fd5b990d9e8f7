import type { UpgradeEvent, UpgradeRequest } from '../../events/upgrade.ts'
import { auditAdmission, auditGivenUp, auditOutcomes, auditRegressed, auditSkip } from './admission.ts'
import { auditShares } from './budget.ts'
import { type AuditedUpgrade, Course } from './course.ts'
import type { Findings } from './finding.ts'
import type { History, Told } from './history.ts'
import { planFault } from './plan.ts'
import { auditDemands, auditPolicies } from './policy.ts'
import { ourselves } from './requested.ts'
import { auditStrategy } from './strategy.ts'
import {
  auditBake,
  auditBreach,
  auditCompletion,
  auditEnd,
  auditGate,
  auditLimits,
  auditMeasurement,
  auditResume,
  auditStart,
} from './waves.ts'

type Commit = Told<UpgradeEvent>
type Data<Type extends UpgradeEvent['type']> = Extract<UpgradeEvent, { type: Type }>['data']

/** An assignment may come so many targets late after a pause: those of the batch under way (design: #invariants, I9). */
const assignmentBatch = 100

/** Returns the place of the first instant, in an ascending list, for which `beyond` holds. */
function firstWhere(instants: readonly string[], beyond: (instant: string) => boolean): number {
  let [low, high] = [0, instants.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (beyond(instants[middle] ?? '')) high = middle
    else low = middle + 1
  }
  return low
}

/** Holds the assignments between a stop and what lifted it (null: nothing did) against I9. */
function auditStop({ history, id, findings }: AuditedUpgrade, stop: Commit, until: string | null): void {
  const instants = history.assignments.get(id) ?? []
  // An assignment at the very instant of the resumption may already follow from it.
  const end = until === null ? instants.length : firstWhere(instants, (at) => at >= until)
  const late = end - firstWhere(instants, (at) => at > stop.at)
  findings.expect(
    late <= assignmentBatch,
    'I9',
    stop,
    `${late} targets were assigned after the stop, more than one batch.`,
  )
}

/** Only a rollback may run while everything is stopped, or go to a withdrawn release, with a reason and a second person (design: #break-glass). */
function auditBreakGlass(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  { breakGlass, toWithdrawn, kind, reason, approvals }: UpgradeRequest,
): void {
  const second = approvals.required > 0 || course.approvedWithRollout.length > 0
  if (toWithdrawn !== undefined) {
    findings.expect(kind === 'rollback', 'I14', commit, `A ${kind} was asked for to a withdrawn release.`)
    findings.expect(second, 'I14', commit, 'It goes to a withdrawn release without a second person.')
  }
  if (!breakGlass) return
  findings.expect(kind === 'rollback', 'I14', commit, `A ${kind} was asked for in spite of a stop.`)
  findings.expect(reason !== null && reason !== '', 'I14', commit, 'The glass was broken without a reason.')
  findings.expect(second, 'I14', commit, 'The glass was broken without a second person.')
}

function auditApproval(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  { by, planHash, window, role = 'approver', counts }: Data<'ApprovalGiven'>,
): void {
  const expect = (holds: boolean, otherwise: string) => findings.expect(holds, 'I14', commit, otherwise)
  const approvers = course.request?.approvals.approvers ?? null
  expect(by !== course.requestedBy, `${by} approved what they had asked for.`)
  expect(!course.request?.authors?.includes(by), `${by} approved what they had edited.`)
  expect(!course.approvals.some((one) => one.by === by), `${by} approved twice.`)
  course.approvals.push({ by, role })
  expect(planHash === course.plan?.planHash, `${by} approved another plan.`)
  expect(by !== course.movedBy, `${by} approved the window that they had set.`)
  const same = window?.start === course.window?.start && window?.end === course.window?.end
  expect(same, `${by} approved another window than it had.`)
  // For what the request asks for it counts for nothing, where it was given for policies alone.
  if (counts?.request === false) return
  expect(approvers === null || approvers.includes(by), `${by} is not among the approvers.`)
  course.approvers.set(by, window)
}

function auditPlan(
  { history, id, course, findings }: AuditedUpgrade,
  commit: Commit,
  plan: Data<'UpgradePlanned'>,
): void {
  findings.expect(course.plan === null, 'I14', commit, 'It was planned a second time.')
  const fault = course.request
    ? planFault(history, plan, course.request)
    : 'It was planned before it was requested.'
  findings.expect(fault === undefined, 'I14', commit, fault ?? '')
  course.plan = plan
  auditStrategy({ history, id, course, findings }, commit, plan)
}

function auditGeneration(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  event: Extract<UpgradeEvent, { type: 'ExecutionStarting' | 'ExecutionEnded' }>,
): void {
  const { generation } = event.data
  const expected = event.type === 'ExecutionStarting' ? course.generation + 1 : course.generation
  findings.expect(
    generation === expected,
    'I12',
    commit,
    `${event.type} names generation ${generation} where ${expected} is due.`,
  )
  course.generation = generation
}

/** Holds one upgrade's stream, and what it cites, against I2-I5, I9, I12 and I14. Returns what the rules made of it. */
export function auditUpgrade(history: History, id: string, findings: Findings): Course {
  const audited: AuditedUpgrade = { history, id, course: new Course(), findings }
  let stops: Commit[] = []
  for (const commit of history.upgrades.get(id) ?? []) {
    for (const event of commit.told) {
      follow(audited, commit, event)
      if (event.type === 'UpgradePaused' || event.type === 'AbortRequested') stops.push(commit)
      if (event.type === 'UpgradeResumed') {
        for (const stop of stops) auditStop(audited, stop, commit.at)
        stops = []
      }
    }
    auditLimits(audited, commit)
  }
  for (const stop of stops) auditStop(audited, stop, null)
  return audited.course
}

function follow(audited: AuditedUpgrade, commit: Commit, event: UpgradeEvent): void {
  const { course, findings } = audited
  switch (event.type) {
    case 'UpgradeRequested':
      course.request = event.data.request
      course.requestedBy = event.data.by
      course.window = event.data.request.window
      course.calendars = event.data.request.calendars
      course.approvedWithRollout = event.data.rollout?.approvedBy ?? []
      auditBreakGlass(audited, commit, event.data.request)
      return
    case 'UpgradePlanned':
      auditPlan(audited, commit, event.data)
      return
    case 'ApprovalGiven':
      auditApproval(audited, commit, event.data)
      return
    case 'ExecutionStarting':
    case 'ExecutionEnded':
      auditGeneration(audited, commit, event)
      return
    case 'WaveStarted':
      auditStart(audited, commit, event.data.wave)
      if (event.data.wave === 0) auditDemands(audited, commit)
      course.begin(event.data.wave, commit.at)
      return
    case 'TargetsAdmitted':
      auditAdmission(audited, commit, event.data)
      auditPolicies(audited, commit, event.data)
      auditShares(audited, commit, event.data)
      return
    case 'OutcomesRecorded':
      auditOutcomes(audited, commit, event.data)
      return
    case 'MembersRegressed':
      auditRegressed(audited, commit, event.data)
      return
    case 'MembersSkipped':
      auditSkip(audited, commit, event.data)
      return
    case 'RetriesGivenUp':
      auditGivenUp(audited, commit, event.data)
      return
    case 'ThresholdBreached':
      auditBreach(audited, commit, event.data)
      return
    case 'WaveEnded':
      auditEnd(audited, commit, event.data.wave)
      return
    case 'BakeStarted':
      auditBake(audited, commit, event.data)
      return
    case 'MeasurementTaken':
      auditMeasurement(audited, commit, event.data)
      return
    case 'GateEvaluated':
      auditGate(audited, commit, event.data)
      return
    case 'ContinueGiven': {
      const bySecond = course.asked(course.wave)?.continueBySecondPerson === true
      const alone = bySecond && event.data.by === course.requestedBy
      findings.expect(!alone, 'I14', commit, `${event.data.by} continued what they had asked for.`)
      course.continued = true
      return
    }
    case 'FreezeOverridden':
      course.overrode.add(event.data.ref)
      return
    case 'ApprovalsVoided':
      course.approvers.clear()
      course.approvals.length = 0
      return
    case 'WindowSet':
      course.move(event.data, event.data.by === ourselves ? null : event.data.by)
      return
    case 'UpgradePaused':
      course.stoppedAt = commit.at
      return
    case 'UpgradeResumed':
      auditResume(audited, commit, event.data)
      return
    case 'AbortRequested':
      course.aborted = true
      course.stoppedAt = commit.at
      return
    case 'UpgradeCompleted':
      auditCompletion(audited, commit, event.data.exceptions)
      return
    case 'PlanningFailed':
    case 'UpgradeAborted':
    case 'UpgradeRejected':
    case 'UpgradeExpired':
      auditCompletion(audited, commit, null)
      return
    case 'BakeEnded':
      // Somebody ended it early, with a reason, or what was measured did.
      if (event.data.by !== undefined || course.verdictOfMetrics !== 'passed') course.bakeUntil = commit.at
      return
    case 'CalendarsBound':
      course.calendars = event.data.calendars
      return
    case 'HoldPlaced':
      if (event.data.code === 'WINDOW_CLOSED') course.lapses = event.data.lapses
      return
    case 'HoldLifted':
      if (event.data.code === 'WINDOW_CLOSED') course.lapses = null
      return
    case 'AttemptsTallied':
    case 'ContinueAwaited':
    case 'ChildRequested':
    case 'DeadlineMoved':
    case 'DeadlinePassed':
    case 'WakeUpMoved':
      return
  }
}
