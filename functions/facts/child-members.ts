import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { type ChildKind, takeForChild } from '../domain/upgrade/children.ts'
import type { Log } from '../log/log.ts'

/** Returns the members of an upgrade, ascending, that a child of this kind takes, as the upgrade's stream tells. */
export async function membersForChild(log: Log, parent: string, kind: ChildKind): Promise<number[]> {
  const members = new Set<number>()
  const ends = log
    .of(upgradeAggregate, parent)
    .events({ consistent: true }, ['OutcomesRecorded', 'MembersRegressed', 'MembersSkipped'])
  for await (const { event } of ends) takeForChild(kind, members, event)
  return [...members].sort((left, right) => left - right)
}
