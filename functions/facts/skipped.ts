import { meaningOf } from '../domain/target/outcome.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { eachMember } from '../domain/upgrade/members.ts'
import type { Log } from '../log/log.ts'

/** Returns whether a member of an upgrade was left out at last, as the upgrade's stream tells: the state forgets who is through. */
export async function wasSkipped(log: Log, upgrade: string, member: number): Promise<boolean> {
  let skipped = false
  const ends = log
    .of(upgradeAggregate, upgrade)
    .events({ consistent: true }, ['OutcomesRecorded', 'MembersSkipped'])
  for await (const { event } of ends) {
    if (event.type === 'MembersSkipped') {
      if ([...eachMember(event.data.members)].includes(member)) skipped = true
      continue
    }
    const end = event.data.outcomes.find((outcome) => outcome.member === member)
    if (end) skipped = end.again === null && meaningOf(end.outcome).counts === 'skipped'
  }
  return skipped
}
