import type { TargetEvent } from '../../events/target.ts'
import { between, minute } from '../../events/time.ts'
import { closedSince } from './calendar.ts'
import type { Course } from './course.ts'
import { rootOf } from './family.ts'
import type { Findings } from './finding.ts'
import { bindsAfter, bound, type History, type Told } from './history.ts'
import { plannedMember } from './plan.ts'
import { frozenBy } from './policy.ts'
import { AuditedProcedure } from './procedure.ts'
import { distrustAt } from './trust.ts'
import { releaseName, sameVersion } from './version.ts'

type Assigned = Extract<TargetEvent, { type: 'AttemptAssigned' }>['data']

/** What a target was, as far as the rules ask. */
interface Place {
  active: Assigned | null
  /** Of the active attempt, where it has one. */
  procedure: AuditedProcedure | null
  readonly begun: Set<string>
  readonly ended: Set<string>
  /** The attempts that succeeded, and whether they still do. */
  readonly well: Map<string, 'succeeded' | 'regressed'>
  components: Record<string, string>
  pin: { component: string | null } | null
  retired: boolean
  /** What the component ran when the target first accepted an attempt of an upgrade. */
  readonly beforeUpgrade: Map<string, string>
}

interface AuditedTarget {
  readonly history: History
  readonly courses: ReadonlyMap<string, Course>
  readonly id: string
  readonly place: Place
  readonly findings: Findings
}

type Commit = Told<TargetEvent>

/** Ends that need no attempt under way: the slot was given back before anything began. */
const unbegun: ReadonlySet<string> = new Set(['skipped', 'deferred', 'withdrawn'])

function auditRelease({ history, courses, findings }: AuditedTarget, commit: Commit, data: Assigned): void {
  const name = `${data.component} ${data.to}`
  const release = releaseOf(history, data)
  // What a rollback goes back to may never have been registered; then there is no digest of it.
  const expected = release?.digest ?? null
  const known = expected === data.digest && (expected !== null || data.kind === 'rollback')
  findings.expect(known, 'I15', commit, `${name} has the digest ${release?.digest}, not the one assigned.`)
  const withdrawnAt = release?.withdrawnAt ?? null
  findings.expect(
    withdrawnAt === null ||
      !bound(withdrawnAt, commit.at) ||
      courses.get(data.upgrade)?.mayGoToWithdrawn() === true,
    'I15',
    commit,
    `${name} had been withdrawn at ${withdrawnAt}.`,
  )
  auditTrust(history, findings, commit, data)
}

/** Nobody is sent to what too few have signed whose word counts, to what has expired, or to what is blocked (I15). */
function auditTrust(history: History, findings: Findings, commit: Commit, data: Assigned): void {
  const release = releaseOf(history, data)
  const asked = { at: commit.at, back: data.kind === 'rollback', leeway: bindsAfter }
  const why = release && distrustAt(release.story, history, asked)
  const words = `Attempt ${data.attempt} went to ${data.component} ${data.to}, and ${why}.`
  findings.expect(why === undefined, 'I15', commit, words)
}

/** The release that an assignment goes to; a rollback names it as the target did. */
function releaseOf({ releases }: History, { component, to }: Assigned) {
  return releases.get(releaseName(component, to))
}

/** A rollback goes back to what ran before any of its family came (I10). */
function auditRollback({ courses, place, findings }: AuditedTarget, commit: Commit, data: Assigned): void {
  if (data.kind !== 'rollback') return
  const root = rootOf(courses, data.upgrade)
  const [first] = [...place.beforeUpgrade].filter(([upgrade]) => {
    const kind = courses.get(upgrade)?.request?.kind
    return kind !== 'rollback' && rootOf(courses, upgrade) === root
  })
  const confirmed = first?.[1]
  findings.expect(
    confirmed !== undefined && sameVersion(confirmed, data.to),
    'I10',
    commit,
    `It ran ${confirmed ?? 'nothing known'} before the upgrade, and was sent to ${data.to}.`,
  )
}

function auditAssignment(audited: AuditedTarget, commit: Commit, data: Assigned): void {
  const { history, courses, id, place, findings } = audited
  const { active, pin } = place
  findings.expect(
    active === null,
    'I1',
    commit,
    `Attempt ${data.attempt} was assigned while ${active?.attempt} was active.`,
  )
  findings.expect(!place.begun.has(data.attempt), 'I1', commit, `Attempt ${data.attempt} was assigned twice.`)
  findings.expect(
    !place.ended.has(data.attempt),
    'I1',
    commit,
    `Attempt ${data.attempt} was assigned after its end.`,
  )
  const pinned = pin !== null && (pin.component === null || pin.component === data.component)
  findings.expect(!pinned, 'I15', commit, 'The target was pinned.')
  findings.expect(!place.retired, 'I15', commit, 'The target was retired.')
  const course = courses.get(data.upgrade)
  const planned = course?.plan ? plannedMember(history, course.plan, data.member) : undefined
  findings.expect(
    planned?.target === id && planned.from === data.from && planned.to === data.to,
    'I15',
    commit,
    `Member ${data.member} of the plan is ${planned ? Object.values(planned).join(' ') : 'nobody'}, not this assignment.`,
  )
  findings.expect(
    course?.request?.kind === data.kind && course.request.component === data.component,
    'I15',
    commit,
    `The upgrade is not a ${data.kind} of ${data.component}.`,
  )
  findings.expect(
    course?.admitted(data.member, data.n) === true,
    'I3',
    commit,
    `Member ${data.member} was never admitted as number ${data.n}.`,
  )
  const runs = place.components[data.component]
  findings.expect(
    runs !== undefined &&
      (sameVersion(runs, data.from) || (data.kind === 'rollback' && sameVersion(runs, data.to))),
    'I15',
    commit,
    `It ran ${runs}, while the plan says ${data.from}.`,
  )
  auditRelease(audited, commit, data)
  auditRollback(audited, commit, data)
}

/** Holds a hand-over against I2: neither a stop, nor a calendar of its upgrade or of a policy, nor the withdrawal of its release forbids it. */
function auditHandOver(
  { history, courses, findings }: AuditedTarget,
  commit: Commit,
  assigned: Assigned,
): void {
  const { attempt, upgrade, kind, component, to, calendars = [] } = assigned
  // Where a rollback goes is asked when it is assigned.
  const withdrawnAt = kind === 'rollback' ? null : (releaseOf(history, assigned)?.withdrawnAt ?? null)
  findings.expect(
    withdrawnAt === null || !bound(withdrawnAt, commit.at),
    'I2',
    commit,
    `Attempt ${attempt} was accepted, while ${component} ${to} had been withdrawn at ${withdrawnAt}.`,
  )
  auditTrust(history, findings, commit, assigned)
  if (courses.get(upgrade)?.brokeGlass()) return
  for (const { stop, since, until } of history.stops) {
    const inForce = since <= commit.at && (until === null || until > commit.at) && bound(since, commit.at)
    findings.expect(
      !inForce,
      'I2',
      commit,
      `Attempt ${attempt} was accepted while ${stop} stopped everything.`,
    )
  }
  for (const name of calendars) {
    const closed = closedSince(history.calendars.get(name), commit.at)
    const open = closed === undefined || !bound(closed, commit.at)
    findings.expect(
      open,
      'I2',
      commit,
      `Attempt ${attempt} was accepted while the calendar ${name} was closed.`,
    )
  }
  const request = courses.get(upgrade)?.request
  for (const { policy, calendar } of request ? frozenBy(history, request, commit.at) : []) {
    const words = `Attempt ${attempt} was accepted though policy ${policy} had frozen it by the calendar ${calendar}.`
    findings.expect(false, 'I2', commit, words)
  }
}

/** The procedure that drives an attempt, as its plan binds it; null: there is none. */
function procedureOf(
  { history, courses, findings }: AuditedTarget,
  commit: Commit,
  data: Assigned,
): AuditedProcedure | null {
  const { procedure, upgrade } = data
  const asked = courses.get(upgrade)?.request?.procedure
  const isAsked = procedure?.hash === asked?.hash && procedure?.revision === asked?.revision
  findings.expect(isAsked, 'I15', commit, 'The procedure is another than the one that the upgrade binds.')
  if (!procedure) return null
  const { name, revision, hash } = procedure
  const known = history.procedures.get(`${name}@${revision}`)
  findings.expect(
    known?.hash === hash,
    'I15',
    commit,
    `${name}, revision ${revision}, is not what was bound.`,
  )
  return known ? new AuditedProcedure(known.document, data, findings) : null
}

/** So long after a regression, in the log's own time, its upgrade has lost it rather than not heard of it yet. */
const heardWithin = 10 * minute

/** What has regressed while its wave was watched is a failure of that wave (I5). */
function auditHeard(
  { history, courses, findings }: AuditedTarget,
  commit: Commit,
  { upgrade, member, n, attempt }: Extract<TargetEvent, { type: 'AttemptRegressed' }>['data'],
): void {
  const course = courses.get(upgrade)
  const heard = course?.heard(member)
  if (!course || !heard) return
  const until = heard.until ?? history.latest
  const lost = !course.regressed.has(`${member}#${n}`) && between(commit.at, until) > heardWithin
  findings.expect(
    !lost,
    'I5',
    commit,
    `Attempt ${attempt} regressed, and upgrade ${upgrade} had not counted it as failed by ${until}.`,
  )
}

function follow(audited: AuditedTarget, commit: Commit, event: TargetEvent): void {
  const { place, findings } = audited
  switch (event.type) {
    case 'TargetRegistered':
      place.components = { ...event.data.components }
      return
    case 'TargetPinned':
      place.pin = event.data
      return
    case 'TargetUnpinned':
      place.pin = null
      return
    case 'TargetRetired':
      findings.expect(place.active === null, 'I1', commit, 'It was retired with an attempt active.')
      place.retired = true
      return
    case 'VersionReported':
      place.components[event.data.component] = event.data.version
      return
    case 'DriftFound': {
      const { component, from, to } = event.data
      const known = place.components[component]
      findings.expect(
        place.active?.component !== component && known === from,
        'I1',
        commit,
        `It drifted from ${from} while it ran ${known} and ${place.active?.attempt ?? 'no attempt'} was active.`,
      )
      place.components[component] = to
      return
    }
    case 'AttemptAssigned':
      auditAssignment(audited, commit, event.data)
      place.active = event.data
      place.procedure = procedureOf(audited, commit, event.data)
      place.begun.add(event.data.attempt)
      return
    case 'AttemptAccepted': {
      const { attempt } = event.data
      findings.expect(
        place.active?.attempt === attempt && commit.at < place.active.acceptBy,
        'I1',
        commit,
        `Attempt ${attempt} was accepted without being active, or too late.`,
      )
      if (!place.active) return
      const { upgrade, from } = place.active
      if (!place.beforeUpgrade.has(upgrade)) place.beforeUpgrade.set(upgrade, from)
      auditHandOver(audited, commit, place.active)
      return
    }
    case 'AttemptEnded': {
      const { attempt, component, version, outcome } = event.data
      findings.expect(!place.ended.has(attempt), 'I1', commit, `Attempt ${attempt} ended twice.`)
      findings.expect(
        place.active?.attempt === attempt || (unbegun.has(outcome) && !place.begun.has(attempt)),
        'I1',
        commit,
        `Attempt ${attempt} ended as ${outcome} without being active.`,
      )
      if (place.active?.attempt === attempt) {
        place.procedure?.end(commit, outcome)
        place.procedure = null
      }
      place.ended.add(attempt)
      if (outcome === 'succeeded') place.well.set(attempt, 'succeeded')
      if (place.active?.attempt === attempt) place.active = null
      if (version !== null) place.components[component] = version
      return
    }
    case 'AttemptRegressed':
    case 'AttemptRecovered': {
      const { attempt, component, version } = event.data
      const stands = event.type === 'AttemptRegressed' ? 'succeeded' : 'regressed'
      findings.expect(
        place.well.get(attempt) === stands && place.active?.component !== component,
        'I1',
        commit,
        `Attempt ${attempt} had ${event.type} though it was ${place.well.get(attempt) ?? 'no success'}.`,
      )
      place.well.set(attempt, event.type === 'AttemptRegressed' ? 'regressed' : 'succeeded')
      if (event.type === 'AttemptRegressed') auditHeard(audited, commit, event.data)
      place.components[component] = version
      return
    }
    case 'StepStarted':
    case 'StepTried':
    case 'StepHeld':
    case 'StepReleased':
    case 'StepEnded':
    case 'WayBackBegan': {
      const { attempt } = event.data
      const isDriven = place.active?.attempt === attempt && place.procedure !== null
      findings.expect(
        isDriven,
        'I20',
        commit,
        `${event.type} of attempt ${attempt}, which no procedure drives.`,
      )
      if (isDriven) place.procedure?.hear(commit, event)
      return
    }
    case 'ExecutionStarting':
    case 'ExecutionEnded':
    case 'TargetPatched':
    case 'EnrolmentIssued':
    case 'AgentEnrolled':
    case 'TargetCloned':
      return
  }
}

/** Holds one target's stream against I1, I3, I10, I15, I19 and I20; `courses` are those of the upgrades, already audited. */
export function auditTarget(
  history: History,
  courses: ReadonlyMap<string, Course>,
  id: string,
  findings: Findings,
): void {
  const place: Place = {
    active: null,
    procedure: null,
    begun: new Set(),
    ended: new Set(),
    well: new Map(),
    components: {},
    pin: null,
    retired: false,
    beforeUpgrade: new Map(),
  }
  for (const commit of history.targets.get(id) ?? []) {
    for (const event of commit.told) follow({ history, courses, id, place, findings }, commit, event)
  }
}
