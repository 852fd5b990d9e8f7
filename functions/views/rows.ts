import type { LicenceTerms } from '../../events/licence.ts'
import type { CalendarDefinition } from '../../events/policy.ts'
import type { StepHold } from '../../events/procedure.ts'
import type { ProfileDefinition, UpgradeSummary } from '../../events/profile.ts'
import type { RolloutRequest } from '../../events/rollout.ts'
import type { AttemptOutcome, Direction, HeldLicence, TargetFacts } from '../../events/target.ts'
import type { UpgradeRequest, WaveCuts } from '../../events/upgrade.ts'
import type { ProfileStatus, Totals } from '../domain/profile/state.ts'
import type { Standing as RolloutStanding } from '../domain/rollout/standing.ts'
import type { Drift, ProfileMembership } from '../domain/target/state.ts'
import type { Hold } from '../domain/upgrade/hold.ts'
import type { UpgradeStatus } from '../domain/upgrade/status.ts'
import type { VersionScheme } from '../domain/version/scheme.ts'
import type { PackedStanding } from './projections/standing.ts'
import { spread } from './spread.ts'

/** Members of a wave, or of several, by where they stand; `failed` and `unreachable` are apart as their limits are. */
export interface WaveRow {
  readonly wave: number
  /** The region or tag value of its targets, of an upgrade by groups; null: all others, or it has no groups. */
  readonly group: string | null
  readonly size: number
  readonly succeeded: number
  readonly failed: number
  readonly unreachable: number
  readonly skipped: number
}

/** A hold, with what ends it in words for the person who reads it. */
export interface ShownHold extends Hold {
  readonly unblock: string
}

/** One upgrade as lists and `GET …/status` show it. */
export interface UpgradeRow {
  readonly upgradeId: string
  readonly jobId: string
  readonly kind: UpgradeRequest['kind']
  readonly parentId: string | null
  /** The rollout that it is a phase of; null: it stands alone. */
  readonly rolloutId: string | null
  readonly component: string
  /** The version asked for until it is planned, then the one that was resolved. */
  readonly version: string
  readonly strategy: UpgradeRequest['strategy']
  readonly requestedBy: string
  readonly requestedAt: string
  readonly status: UpgradeStatus
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly inProgress: number
  readonly skipped: number
  readonly unreachable: number
  readonly rolledBack: number
  readonly retrying: number
  readonly deferred: number
  /** Index of the present wave; -1 before the first. */
  readonly wave: number
  readonly waveCount: number
  /** Every wave of up to ten; of more, the last ones begun. */
  readonly waves: readonly WaveRow[]
  /** The sum over the waves that `waves` leaves out. */
  readonly otherWaves: Omit<WaveRow, 'wave' | 'group'> | null
  readonly holds: readonly ShownHold[]
  readonly planHash: string | null
  readonly approvals: { readonly needed: number; readonly given: number }
  readonly generation: number
  readonly startedAt: string | null
  readonly completedAt: string | null
  /** Why it failed, was rejected or expired. */
  readonly failure: { readonly code: string; readonly detail: string } | null
  /** The rollback of all of it that was noted last; null: none was. How far that is, its own row says. */
  readonly takenBackBy: string | null
}

/** An upgrade's row as it is stored: what can be derived is left out, so that ten waves stay within 1 KB. */
export interface UpgradeBody {
  readonly kind: UpgradeRequest['kind']
  readonly parent: string | null
  /** The rollout that it is a phase of; left out: it stands alone. */
  readonly rollout?: string
  readonly component: string
  readonly version: string
  readonly strategy: UpgradeRequest['strategy']
  readonly by: string
  readonly plan: { readonly hash: string; readonly members: number; readonly waves: WaveCuts } | null
  /** Of an upgrade by groups: their values in the request's order, until it is planned; then the group of each wave, null: all others. */
  readonly groups?: readonly (string | null)[]
  readonly standing: PackedStanding
  /** What is known of single waves, by their number, as [succeeded, failed, unreachable, skipped]; no entry: nothing yet. */
  readonly waves: Readonly<Record<string, WaveTally>>
  /** The rollback of all of it that was noted last; left out: none was. */
  readonly back?: string
}

export type WaveTally = readonly [succeeded: number, failed: number, unreachable: number, skipped: number]

/** One rollout in the list of all; its phases are in its stream. */
export interface RolloutBody {
  readonly kind: RolloutRequest['kind']
  readonly parent: string | null
  readonly name: string
  readonly by: string
  readonly phases: number
  readonly planHash: string | null
  readonly standing: RolloutStanding
  /** The rollback that was noted last, and how many of its phases that takes back; left out: none was. */
  readonly back?: { readonly rollout: string; readonly phases: number }
}

/** The same as it is read. */
export interface RolloutRow extends RolloutBody {
  readonly rolloutId: string
  readonly requestedAt: string
}

/** Where the row of an upgrade lies in the list, found by its id. */
export interface UpgradePlace {
  readonly row: string
}

/** Where one attempt stands: an end, or one of the two words before it. */
export type AttemptStatus = 'assigned' | 'accepted' | AttemptOutcome

/** One try on one target, as `GET …/logs` shows it. */
export interface AttemptRow {
  /** The attempt's id. */
  readonly id: string
  readonly target: string
  readonly member: number
  readonly n: number
  readonly kind: UpgradeRequest['kind']
  readonly component: string
  readonly from: string
  readonly to: string
  readonly status: AttemptStatus
  /** When it was assigned; for an attempt that ended unassigned, when it ended. */
  readonly startedAt: string
  readonly acceptedAt: string | null
  readonly completedAt: string | null
  readonly code: string | null
  readonly output: string | null
  /** Since when it has failed after all, though it had succeeded; left out: it has not. */
  readonly regressedAt?: string
  /** The step that its procedure began last; left out: none drives it, or it is over. */
  readonly step?: { readonly name: string; readonly direction: Direction; readonly held: boolean }
}

/** One target: what it is and runs. Attempts under way are in the rows of their upgrade. */
export interface TargetRow {
  readonly id: string
  readonly facts: TargetFacts
  /** The version of each component, as far as it is known. */
  readonly components: Readonly<Record<string, string>>
  /** The components that run something else than what was put there. */
  readonly drift: Readonly<Record<string, Drift>>
  readonly pin: { readonly component: string | null; readonly reason: string; readonly since: string } | null
  readonly retired: { readonly reason: string; readonly since: string } | null
  /** Has an agent redeemed an enrolment? */
  readonly enrolled: boolean
  /** The profiles that it is a member of, by their id. */
  readonly memberships: Readonly<Record<string, ProfileMembership>>
  /** Left out: it has none. */
  readonly licence?: HeldLicence
  readonly lastOutcome: {
    readonly attempt: string
    readonly upgrade: string
    readonly outcome: AttemptOutcome
    readonly code: string | null
    readonly at: string
  } | null
  readonly updatedAt: string
}

export interface ReleaseRow {
  readonly component: string
  readonly version: string
  readonly channel: string
  readonly digest: string
  readonly notes: string | null
  readonly sizeBytes: number | null
  readonly scheme: VersionScheme
  /** Which release of its component it is. */
  readonly number: number
  /** Left out: nobody has signed it. */
  readonly signed?: {
    readonly counter: number
    readonly expires: string
    readonly minimumVersion: string | null
    /** How many keys have. */
    readonly signatures: number
  }
  /** Left out: it is not. */
  readonly blocked?: { readonly reason: string }
  readonly withdrawn: { readonly reason: string } | null
  readonly heldBack: { readonly reason: string; readonly upgrade: string; readonly since: string } | null
  readonly registeredAt: string
}

/** One procedure, as its last revision has it. */
export interface ProcedureRow {
  readonly name: string
  readonly revision: number
  readonly hash: string
  readonly description: string
  /** How many there are. */
  readonly steps: number
  readonly by: string
  readonly at: string
}

/** One component, with how its versions are ordered. */
export interface ComponentRow {
  readonly component: string
  readonly scheme: VersionScheme
  /** How many releases were numbered. */
  readonly releases: number
  readonly updatedAt: string
}

/** One licence, with what it entitles to. */
export interface LicenceRow extends LicenceTerms {
  readonly licence: string
  readonly label: string
  readonly revoked: { readonly reason: string; readonly since: string } | null
  readonly updatedAt: string
}

/** One profile, with its figures; it stays after the deletion, as history does. Windows and summaries are in the log. */
export interface ProfileRow {
  readonly id: string
  readonly definition: ProfileDefinition
  readonly status: ProfileStatus
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  readonly running: string | null
  /** Failures by code are left out: they are summed over the executions. */
  readonly totals: Omit<Totals, 'failures'>
  readonly lastExecutionAt: string | null
}

/** One execution of a profile: the upgrade or the rollout that it started, and what that came to. */
export interface ExecutionRow {
  /** The id of the upgrade, or of the rollout. */
  readonly upgrade: string
  /** It is a rollout. Left out: an upgrade. */
  readonly rollout?: true
  readonly reason: 'window' | 'emergency'
  readonly justification: string | null
  readonly scheduledAt: string | null
  readonly startedAt: string
  readonly by: string
  /** Null while it runs. */
  readonly summary: UpgradeSummary | null
}

/** One calendar in the list of all. */
export interface CalendarRow {
  readonly name: string
  readonly kind: CalendarDefinition['kind']
  /** How many dates or intervals it holds. */
  readonly entries: number
  /** Past that it is closed; null: it is known for ever. */
  readonly knownUntil: string | null
  readonly updatedAt: string
}

/** A step of an attempt that is held. */
export interface HeldStepRow {
  readonly target: string
  readonly upgrade: string
  readonly attempt: string
  readonly step: string
  readonly name: string
  readonly component: string
  /** What the attempt takes the component to. */
  readonly version: string
  readonly why: StepHold
  readonly ask: string
  readonly since: string
}

/** An upgrade or a rollout that wants to be asked again at `nextDue`. */
export interface LiveRow {
  readonly nextDue: string
}

/** The names of the views, without the version that each is prefixed with. */
export const viewNames = {
  upgrades: 'upgrades',
  upgradePlace: (upgrade: string) => `upgrade/${upgrade}`,
  attempts: (upgrade: string) => spread(`attempts/${upgrade}`),
  targets: spread('targets'),
  releases: 'releases',
  components: 'components',
  licences: 'licences',
  procedures: 'procedures',
  rollouts: 'rollouts',
  live: 'live',
  liveRollouts: 'live-rollouts',
  heldSteps: 'held-steps',
  calendars: 'calendars',
  analytics: 'analytics',
  profiles: 'profiles',
  executions: (profile: string) => `executions/${profile}`,
} as const

/** The one row of the view that finds an upgrade by its id. */
export const placeRow = 'pointer'
