import type { ProfileDefinition, ProfileEvent, UpgradeSummary } from '../../events/profile.ts'
import type { RolloutEvent } from '../../events/rollout.ts'
import { between, hour, minute } from '../../events/time.ts'
import type { EndedStatus, UpgradeEvent } from '../../events/upgrade.ts'
import type { Course } from './course.ts'
import { dependencyFault } from './dependency.ts'
import type { Findings } from './finding.ts'
import type { History, Told } from './history.ts'

type Commit = Told<ProfileEvent>
type EventOf<Type extends ProfileEvent['type']> = Extract<ProfileEvent, { type: Type }>

/** So long after the end of an upgrade, in the log's own time, its summary is missing rather than on its way. */
const summarisedWithin = 10 * minute

/** What a profile gave one of its upgrades. */
interface Gift {
  /** Its windows, as `<start> <end>`; null: it was started out of turn, bound to none. */
  readonly windows: Set<string | null>
  /** False: it was planned ahead for a window, and has not been told to begin. */
  started: boolean
}
export type Given = ReadonlyMap<string, Readonly<Gift>>

/** One profile as the rules see it. */
interface Place {
  schedule: ProfileDefinition['schedule'] | null
  inService: boolean
  /** Openings that were judged, whatever the judgement; those that opened with their end and upgrade. */
  readonly judged: Set<string>
  readonly opened: Map<string, { readonly end: string }>
  readonly given: Map<string, Gift>
  readonly started: Map<string, Commit>
  readonly summarised: Set<string>
}

interface AuditedProfile {
  readonly id: string
  readonly history: History
  readonly courses: ReadonlyMap<string, Course>
  readonly place: Place
  readonly findings: Findings
}

type Driven = UpgradeEvent | RolloutEvent

/** How each last event of an upgrade or a rollout is called in the summary. */
const statuses: Partial<Record<Driven['type'], EndedStatus>> = {
  PlanningFailed: 'failed',
  UpgradeRejected: 'rejected',
  RolloutRejected: 'rejected',
  UpgradeExpired: 'expired',
  RolloutExpired: 'expired',
  UpgradeAborted: 'aborted',
  RolloutAborted: 'aborted',
}

/** Returns the stream of an execution: of its upgrade, or of its rollout. */
function streamOf({ upgrades, rollouts }: History, execution: string): readonly Told<Driven>[] {
  return upgrades.get(execution) ?? rollouts.get(execution) ?? []
}

/** Returns how and when an execution ended; undefined while it runs. */
function endOf(history: History, execution: string): { status: EndedStatus; at: string } | undefined {
  for (const { at, told } of streamOf(history, execution)) {
    for (const event of told) {
      const status =
        event.type === 'UpgradeCompleted' || event.type === 'RolloutCompleted'
          ? event.data.exceptions
            ? 'completed_with_exceptions'
            : 'completed'
          : statuses[event.type]
      if (status) return { status, at }
    }
  }
  return undefined
}

/** Returns how many an execution took to their version: its upgrade, or those of its rollout together. */
function succeededIn({ rollouts }: History, courses: ReadonlyMap<string, Course>, execution: string): number {
  const begun = (rollouts.get(execution) ?? []).flatMap(({ told }) =>
    told.flatMap((event) => (event.type === 'PhaseStarted' ? [event.data.upgrade] : [])),
  )
  return [execution, ...begun].reduce((sum, id) => sum + (courses.get(id)?.total('succeeded') ?? 0), 0)
}

/** Returns when an execution is over: what it started has ended, and so has every rollback of it; a log that goes in a circle is followed once. */
function overSince(history: History, upgrade: string, above: readonly string[] = []): string | undefined {
  let over = endOf(history, upgrade)?.at
  const seen = [...above, upgrade]
  for (const { told } of streamOf(history, upgrade)) {
    for (const event of told) {
      if (event.type !== 'ChildRequested') continue
      if ('kind' in event.data && event.data.kind !== 'rollback') continue
      if (seen.includes(event.data.child)) continue
      const taken = overSince(history, event.data.child, seen)
      if (over === undefined || taken === undefined) return undefined
      if (taken > over) over = taken
    }
  }
  return over
}

function give({ given }: Place, upgrade: string, window: string | null | undefined): Gift {
  const gift = given.get(upgrade) ?? { windows: new Set(), started: false }
  given.set(upgrade, gift)
  if (window !== undefined) gift.windows.add(window)
  return gift
}

function auditOpening(
  { place, findings }: AuditedProfile,
  commit: Commit,
  { scheduledAt, end, upgrade }: EventOf<'WindowOpened'>['data'],
): void {
  findings.expect(place.inService, 'W2', commit, `The window of ${scheduledAt} opened out of service.`)
  const hours = place.schedule?.maintenance_window_hours ?? 0
  findings.expect(
    between(scheduledAt, end) === hours * hour,
    'W2',
    commit,
    `The window of ${scheduledAt} ends at ${end}, where the profile says ${hours} h.`,
  )
  findings.expect(
    scheduledAt <= commit.at && commit.at < end,
    'W2',
    commit,
    `The window from ${scheduledAt} to ${end} opened at ${commit.at}.`,
  )
  place.opened.set(scheduledAt, { end })
  give(place, upgrade, `${scheduledAt} ${end}`)
}

function auditStart(
  { id, history, courses, place, findings }: AuditedProfile,
  commit: Commit,
  { upgrade, reason, scheduledAt }: EventOf<'ExecutionStarted'>['data'],
): void {
  findings.expect(place.inService, 'W2', commit, `Upgrade ${upgrade} was started out of service.`)
  const window = scheduledAt === null ? undefined : place.opened.get(scheduledAt)
  findings.expect(
    reason === 'emergency' || (window !== undefined && commit.at < window.end),
    'W2',
    commit,
    `Upgrade ${upgrade} was started at ${commit.at}, when no window of ${scheduledAt} was open.`,
  )
  const unmet = reason === 'window' ? dependencyFault(history, courses, id, commit, upgrade) : undefined
  findings.expect(
    unmet === undefined,
    'W4',
    commit,
    `Upgrade ${upgrade} was started though profile ${unmet}.`,
  )
  for (const other of place.started.keys())
    findings.expect(
      place.summarised.has(other),
      'W3',
      commit,
      `Upgrade ${upgrade} was started before ${other} was summarised.`,
    )
  place.started.set(upgrade, commit)
  const opened = window && `${scheduledAt} ${window.end}`
  give(place, upgrade, scheduledAt === null ? null : opened).started = true
}

function auditSummary(
  { history, courses, place, findings }: AuditedProfile,
  commit: Commit,
  { upgrade, status, counts }: UpgradeSummary,
): void {
  findings.expect(place.started.has(upgrade), 'W3', commit, `Nothing here started upgrade ${upgrade}.`)
  findings.expect(!place.summarised.has(upgrade), 'W3', commit, `Upgrade ${upgrade} was summarised twice.`)
  place.summarised.add(upgrade)
  const ended = endOf(history, upgrade)
  const succeeded = succeededIn(history, courses, upgrade)
  findings.expect(
    ended?.status === status && counts.succeeded === succeeded,
    'W3',
    commit,
    `Upgrade ${upgrade} is summarised as ${status} with ${counts.succeeded} successes; it is ${ended?.status ?? 'running'} with ${succeeded}.`,
  )
}

function follow(audited: AuditedProfile, commit: Commit, event: ProfileEvent): void {
  const { place, findings } = audited
  switch (event.type) {
    case 'ProfileCreated':
      place.schedule = event.data.definition.schedule
      place.inService = true
      return
    case 'ProfileUpdated':
      place.schedule = event.data.parts.schedule ?? place.schedule
      return
    case 'ProfileActivated':
      place.inService = true
      return
    case 'ProfileDeactivated':
    case 'ProfileDeleted':
      place.inService = false
      return
    case 'WindowOpened':
    case 'WindowSkipped': {
      const { scheduledAt } = event.data
      findings.expect(
        !place.judged.has(scheduledAt),
        'W1',
        commit,
        `The window of ${scheduledAt} was judged before.`,
      )
      place.judged.add(scheduledAt)
      if (event.type === 'WindowOpened') auditOpening(audited, commit, event.data)
      return
    }
    case 'WindowPlanned': {
      const { scheduledAt, end, upgrades } = event.data
      for (const { upgrade } of upgrades) give(place, upgrade, `${scheduledAt} ${end}`)
      return
    }
    case 'ExecutionStarted':
      auditStart(audited, commit, event.data)
      return
    case 'UpgradeSummarised':
      auditSummary(audited, commit, event.data)
      return
    case 'PlanVoided':
    case 'AlertRaised':
      return
  }
}

/**
 * Holds one profile's stream, and the ends of the upgrades that it started, against W1 to W4; `courses` are already audited. Returns the
 * windows that it gave them.
 */
export function auditProfile(
  history: History,
  courses: ReadonlyMap<string, Course>,
  id: string,
  findings: Findings,
): Given {
  const place: Place = {
    schedule: null,
    inService: false,
    judged: new Set(),
    opened: new Map(),
    given: new Map(),
    started: new Map(),
    summarised: new Set(),
  }
  const audited = { id, history, courses, place, findings }
  for (const commit of history.profiles.get(id) ?? [])
    for (const event of commit.told) follow(audited, commit, event)
  for (const [upgrade, commit] of place.started) {
    const over = overSince(history, upgrade)
    const missing =
      over !== undefined && !place.summarised.has(upgrade) && between(over, history.latest) > summarisedWithin
    findings.expect(
      !missing,
      'W3',
      commit,
      `Upgrade ${upgrade} was over at ${over} and is not summarised at ${history.latest}.`,
    )
  }
  return place.given
}
