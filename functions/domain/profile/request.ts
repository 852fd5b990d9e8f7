import type { ProfileDefinition, UpgradeSummary } from '../../../events/profile.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { settingsAfter } from './recovery.ts'
import type { Window } from './windows.ts'

const minute = 60
const hour = 3600

/** As a deploy without settings of its own: a tenth of a wave may fail, an attempt may take an hour and should take five minutes. */
const limits = { percent: 10, absolute: null } as const
const deadlines = { attempt: hour, expected: 5 * minute } as const

/** Returns the request of an upgrade that a profile starts: an ordinary one, whose members the profile decides when it is planned. */
export function requestFromProfile({
  profile,
  definition,
  component,
  window,
  failedTries,
  reason,
}: {
  approveWithin,
  readonly profile: string
  readonly definition: ProfileDefinition
  readonly component: string
  /** Null: it is bound to none, since somebody started it out of turn. */
  readonly window: Window | null
  /** How many executions in a row have failed: the next is gentler (P13). */
  readonly failedTries: number
  /** So many seconds there are for approvals; left out: as long as a window. */
  readonly approveWithin?: number
  readonly reason: string | null
}): UpgradeRequest {
  const { schedule, upgrade_settings: settings, approvals } = definition
  const length = schedule.maintenance_window_hours * hour
  const tries = Math.min(failedTries, schedule.retry_attempts)
  return {
    kind: 'deploy',
    parent: null,
    component,
    version: settings.target_version,
    strategy: settings.canary_percentage === null ? 'all' : 'canary',
    canaryPercent: settings.canary_percentage,
    batchSize: null,
    selection: { targets: null, types: null, regions: null, tags: null, canaries: [], profile },
    parallel: settingsAfter(tries, definition)?.parallel ?? settings.parallel_upgrades,
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
    retry: { attempts: schedule.retry_attempts, delaySeconds: schedule.retry_delay_minutes * minute },
    deadlines: { accept: length, ...deadlines },
    breakGlass: false,
    reason,
  }
}

/** Returns how many of the last executions in a row ended by failures. */
export function failedTriesOf(summaries: readonly UpgradeSummary[]): number {
  const succeeded = summaries.findLastIndex(
    ({ phase, failures }) => phase !== 'failed' && !(phase === 'aborted' && failures.length > 0),
  )
  return summaries.length - 1 - succeeded
}
