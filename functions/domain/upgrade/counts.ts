import type { UpgradeEvent } from '../../../events/upgrade.ts'

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

const sizes = (ranges: readonly (readonly [number, number, ...unknown[]])[]): number =>
  ranges.reduce((sum, [from, to]) => sum + to - from, 0)

/** Which count an attempt's end adds to when the member has no other admission to wait for (DESIGN §6). */
export function countOf(outcome: string): 'succeeded' | 'failed' | 'unreachable' | 'skipped' {
  switch (outcome) {
    case 'succeeded':
      return 'succeeded'
    case 'unreachable':
      return 'unreachable'
    case 'skipped':
    case 'cancelled':
    case 'deferred':
    case 'withdrawn':
      return 'skipped'
    default:
      return 'failed'
  }
}

/** Returns the counts after an event. The fold of the upgrade and the status view both count by this rule. */
export function count(counts: MemberCounts, event: UpgradeEvent): MemberCounts {
  switch (event.type) {
    case 'TargetsAdmitted': {
      const { members, retried, readmitted } = event.data
      return {
        ...counts,
        inFlight: counts.inFlight + sizes(members) + sizes(retried) + sizes(readmitted),
        retrying: counts.retrying - sizes(retried),
        deferred: counts.deferred - sizes(readmitted),
      }
    }
    case 'OutcomesRecorded': {
      const result = { ...counts }
      for (const { outcome, again } of event.data.outcomes) {
        result.inFlight -= 1
        if (again === 'retry') result.retrying += 1
        else if (again === 'deferred') result.deferred += 1
        else result[countOf(outcome)] += 1
        if (again === null && outcome === 'rolled_back') result.rolledBack += 1
      }
      return result
    }
    case 'MembersSkipped': {
      const { members, was } = event.data
      const skipped = sizes(members)
      return {
        ...counts,
        skipped: counts.skipped + skipped,
        retrying: counts.retrying - (was === 'retrying' ? skipped : 0),
        deferred: counts.deferred - (was === 'deferred' ? skipped : 0),
      }
    }
    default:
      return counts
  }
}
