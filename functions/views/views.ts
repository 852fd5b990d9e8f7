import type { Series, Told } from '../domain/tally/groups.ts'
import type { QueueState } from '../domain/upgrade/queue.ts'
import type { UpgradeStatus } from '../domain/upgrade/status.ts'
import type { ProfileFigure } from './figures.ts'
import type {
  AttemptRow,
  AttemptStatus,
  CalendarRow,
  ComponentRow,
  ExecutionRow,
  HeldStepRow,
  LicenceRow,
  LiveRow,
  ProcedureRow,
  ProfileRow,
  ReleaseRow,
  RolloutRow,
  TargetRow,
  UpgradeRow,
} from './rows.ts'

/** A row and the version up to which it has been folded. */
export interface Versioned<Row> {
  readonly row: Row
  /** For an upgrade or a release the number of the last commit; for a target its revision. */
  readonly version: number
  /** The last commit of the stream that fed the row. */
  readonly commit: number
}

/** One page; without a cursor it is the last. A page may be shorter than its limit, even empty, and still not be the last. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly cursor: string | null
}

export interface Paging {
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface UpgradeFilters {
  readonly component?: string | undefined
  readonly version?: string | undefined
  readonly status?: UpgradeStatus | undefined
  readonly kind?: UpgradeRow['kind'] | undefined
  readonly parentId?: string | undefined
  readonly requestedBy?: string | undefined
}

export interface TargetFilters {
  readonly component?: string | undefined
  /** The version of `component`; without one, of any component. */
  readonly version?: string | undefined
  readonly type?: string | undefined
  readonly region?: string | undefined
  /** All must match. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly retired?: boolean | undefined
}

export interface ProfileFilters {
  readonly status?: 'active' | 'inactive' | 'error' | undefined
  readonly resourceType?: string | undefined
}

export interface ReleaseFilters {
  readonly component?: string | undefined
  readonly channel?: string | undefined
}

/** Everything that answers reads. A view may lag behind the log by moments: no decision is made on one. */
export interface Views {
  getUpgrade(id: string): Promise<Versioned<UpgradeRow> | undefined>
  /** Newest first. Throws InvalidCursor. */
  listUpgrades(query: Paging & { readonly filters?: UpgradeFilters | undefined }): Promise<Page<UpgradeRow>>
  /** Newest first. Throws InvalidCursor. */
  listRollouts(query: Paging & { readonly status?: UpgradeStatus | undefined }): Promise<Page<RolloutRow>>
  /** In the order of the plan, and of the tries on each target. Throws InvalidCursor. */
  listAttempts(
    upgrade: string,
    query: Paging & { readonly status?: AttemptStatus | undefined },
  ): Promise<Page<AttemptRow>>
  getTarget(id: string): Promise<Versioned<TargetRow> | undefined>
  /** By id. Throws InvalidCursor. */
  listTargets(query: Paging & TargetFilters): Promise<Page<TargetRow>>
  /** Yields every target, by id. */
  everyTarget(): AsyncIterable<TargetRow>
  /** Returns all targets, by id; undefined where there are more than so many, which are then not read. */
  smallFleet(atMost: number): Promise<readonly TargetRow[] | undefined>
  getRelease(component: string, version: string): Promise<Versioned<ReleaseRow> | undefined>
  /** By component, then by the text of the version. Throws InvalidCursor. */
  listReleases(query: Paging & ReleaseFilters): Promise<Page<ReleaseRow>>
  /** The newest of the channel (null: of any) that is neither withdrawn nor held back, in the order of the component's scheme. */
  latestRelease(component: string, channel: string | null): Promise<ReleaseRow | undefined>
  /** By name. Throws InvalidCursor. */
  listComponents(query: Paging): Promise<Page<ComponentRow>>
  /** By name. Throws InvalidCursor. */
  listProcedures(query: Paging): Promise<Page<ProcedureRow>>
  /** By the hashes of their keys. Throws InvalidCursor. */
  listLicences(query: Paging): Promise<Page<LicenceRow>>
  /** By their targets. Throws InvalidCursor. */
  listHeldSteps(query: Paging): Promise<Page<HeldStepRow>>
  /** Yields the upgrades whose `nextDue` is at or before an ISO instant. */
  dueUpgrades(now: string): AsyncIterable<{ readonly upgrade: string } & LiveRow>
  /** Yields the rollouts whose `nextDue` is at or before an ISO instant. */
  dueRollouts(now: string): AsyncIterable<{ readonly rollout: string } & LiveRow>
  /** Yields every rollout that is not over. */
  liveRollouts(): AsyncIterable<{ readonly rollout: string } & LiveRow>
  /** Yields every upgrade that wants to be asked again at some time. */
  liveUpgrades(): AsyncIterable<{ readonly upgrade: string } & LiveRow>
  /** Counts all upgrades by what they wait for: those that had ended by the last day from a figure that is kept. */
  queueStats(): Promise<Readonly<Record<QueueState, number>>>
  /** Returns how many upgrades have a hold since an ISO instant or before. */
  heldSince(instant: string): Promise<number>
  /** Yields how attempts ended on these days, the last one included, in the order of the days. */
  attemptsToldOn(days: { readonly from: string; readonly to: string }): AsyncIterable<Told>
  /** Returns what was counted of all attempts, by component and channel: what was counted by some days ago from a figure that is kept. */
  attemptTotals(): Promise<readonly Series[]>
  /** Returns how many targets a profile meant when that was last counted; undefined: it never was. */
  profileFigure(profile: string): Promise<ProfileFigure | undefined>
  /** A deleted one too. */
  getProfile(id: string): Promise<Versioned<ProfileRow> | undefined>
  /** By id, without the deleted ones. Throws InvalidCursor. */
  listProfiles(query: Paging & ProfileFilters): Promise<Page<ProfileRow>>
  /** Yields the profiles that are not deleted, by id. */
  everyProfile(): AsyncIterable<ProfileRow>
  /** Yields the executions of a profile, in no order. */
  executionsOf(profile: string): AsyncIterable<ExecutionRow>
  /** Yields the attempts of an upgrade in the order of the plan, and of the tries on each target. */
  attemptsOf(upgrade: string): AsyncIterable<AttemptRow>
  /** By name. Throws InvalidCursor. */
  listCalendars(query: Paging): Promise<Page<CalendarRow>>
}
