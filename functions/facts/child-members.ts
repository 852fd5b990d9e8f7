import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { takeForChild } from '../domain/upgrade/children.ts'
import type { Log } from '../log/log.ts'

/**
 * Returns the members of an upgrade, ascending, that another try takes, as the upgrade's stream tells; the skipped ones only where it shall. The stream is
 * read until there are `atMost`: whoever has failed for good stays so.
 */
export async function membersToRetry(
  log: Log,
  parent: string,
  { skippedToo = false, atMost = Number.POSITIVE_INFINITY } = {},
): Promise<number[]> {
  const members = new Set<number>()
  const ends = log
    .of(upgradeAggregate, parent)
    .events({ consistent: true }, [
      'OutcomesRecorded',
      'MembersRegressed',
      'MembersSkipped',
      'RetriesGivenUp',
    ])
  for await (const { event } of ends) {
    takeForChild('retry', members, event, skippedToo)
    if (members.size >= atMost) break
  }
  return [...members].sort((left, right) => left - right)
}
