import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { meaningOf } from '../target/outcome.ts'
import { sizeOf } from './members.ts'

/** How many members stand where: of a whole upgrade, or of one wave. Never negative (I5). */
export interface MemberCounts {
  readonly inFlight: number
  readonly retrying: number
  readonly deferred: number
  readonly succeeded: number
  readonly failed: number
  readonly unreachable: number
  readonly skipped: number
  /** Those of `failed` that took themselves back. */
  readonly rolledBack: number
}

/** Returns how many members an upgrade has left out of service: those that failed and did not take themselves back, and the unreachable. */
export function lossesOf({ failed, rolledBack, unreachable }: MemberCounts): number {
  return failed - rolledBack + unreachable
}

export const noCounts: MemberCounts = {
  inFlight: 0,
  retrying: 0,
  deferred: 0,
  succeeded: 0,
  failed: 0,
  unreachable: 0,
  skipped: 0,
  rolledBack: 0,
}

/** Returns the counts after an event. The fold of the upgrade and the status view both count by this rule. */
export function count(counts: MemberCounts, event: UpgradeEvent): MemberCounts {
  switch (event.type) {
    case 'TargetsAdmitted': {
      const { members, retried, readmitted } = event.data
      return {
        ...counts,
        inFlight: counts.inFlight + sizeOf(members) + sizeOf(retried) + sizeOf(readmitted),
        retrying: counts.retrying - sizeOf(retried),
        deferred: counts.deferred - sizeOf(readmitted),
      }
    }
    case 'OutcomesRecorded': {
      const result = { ...counts }
      for (const { outcome, again } of event.data.outcomes) {
        result.inFlight -= 1
        if (again === 'retry') result.retrying += 1
        else if (again === 'deferred') result.deferred += 1
        else result[meaningOf(outcome).counts] += 1
        if (again === null && outcome === 'rolled_back') result.rolledBack += 1
      }
      return result
    }
    case 'MembersRegressed': {
      const { members } = event.data
      return {
        ...counts,
        succeeded: counts.succeeded - members.length,
        failed: counts.failed + members.length,
        rolledBack: counts.rolledBack + members.filter(({ outcome }) => outcome === 'rolled_back').length,
      }
    }
    case 'MembersSkipped': {
      const { members, was } = event.data
      const skipped = sizeOf(members)
      return {
        ...counts,
        skipped: counts.skipped + skipped,
        retrying: counts.retrying - (was === 'retrying' ? skipped : 0),
        deferred: counts.deferred - (was === 'deferred' ? skipped : 0),
      }
    }
    case 'RetriesGivenUp': {
      const given = sizeOf(event.data.members)
      return { ...counts, retrying: counts.retrying - given, failed: counts.failed + given }
    }
    default:
      return counts
  }
}
