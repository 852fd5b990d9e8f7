import type { ProfileDefinition } from '../../../events/profile.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Window } from '../window.ts'

const minute = 60
const hour = 3600
const week = 7 * 24 * hour

/** As a deploy without settings of its own: a tenth of a wave may fail. */
const limits = { percent: 10, absolute: null } as const

/** So many fewer are in flight after each failed try (P13). */
const fewerAfterFailure = 2

/** Returns the request of an upgrade that a profile starts: an ordinary one, whose members the profile decides when it is planned. */
export function requestFromProfile({
  profile,
  definition,
  component,
  window,
  reason,
  approveWithin,
  judged,
  authors,
}: {
  readonly profile: string
  readonly definition: ProfileDefinition
  readonly component: string
  /** Null: it is bound to none, since somebody started it out of turn. */
  readonly window: Window | null
  readonly reason: string | null
  /** So many seconds there are for approvals; left out: as long as a window. */
  readonly approveWithin?: number
  /** The version that the profiles that this one depends on were asked about. */
  readonly judged?: string | undefined
  /** Who else has edited the profile, and approves nothing of it. */
  readonly authors?: readonly string[] | undefined
}): UpgradeRequest {
  const { schedule, upgrade_settings: settings, approvals } = definition
  const length = schedule.maintenance_window_hours * hour
  return {
    kind: 'deploy',
    parent: null,
    component,
    version: settings.target_version,
    ...(judged !== undefined && { judged }),
    strategy: settings.canary_percentage === null ? 'all' : 'canary',
    canaryPercent: settings.canary_percentage,
    batchSize: null,
    selection: { targets: null, types: null, regions: null, tags: null, canaries: [], profile },
    parallel: settings.parallel_upgrades,
    budget: null,
    failures: { ...limits, action: settings.rollback_on_failure ? 'rollback' : 'pause' },
    unreachable: limits,
    approvals: {
      required: approvals?.required ?? 0,
      approvers: approvals?.approvers ?? null,
      expiresInSeconds: approveWithin ?? length,
    },
    // Nobody sits beside a window: the canaries' failures decide whether the rest follows.
    continueByHand: false,
    continueBySecondPerson: false,
    window,
    bakeSeconds: 0,
    gate: null,
    retry: {
      attempts: schedule.retry_attempts,
      delaySeconds: schedule.retry_delay_minutes * minute,
      fewer: fewerAfterFailure,
    },
    ...(settings.pre_upgrade_checks && { preUpgradeChecks: true }),
    calendars: schedule.calendars,
    deadlines: {
      accept: length,
      attempt: settings.attempt_minutes * minute,
      expected: settings.expected_minutes * minute,
      ...{ continue: week, linger: week },
    },
    breakGlass: false,
    reason,
    ...(authors && { authors: [...authors] }),
  }
}
