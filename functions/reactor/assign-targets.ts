import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { memberAt } from '../domain/upgrade/members.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import { assignMember, mayAssign } from './assignment.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

/** After so many assignments the upgrade is read again, so that a pause stops the rest (I9). */
const batchSize = 100
/** Assignments at once: each is a read and a conditional write of another stream. */
const atOnce = 16

interface Admission {
  readonly member: number
  readonly n: number
  readonly acceptBy: string
}

function* admissionsOf(event: Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>): Generator<Admission> {
  const { members, retried, readmitted, acceptBy } = event.data
  for (const [from, to] of members)
    for (let member = from; member < to; member++) yield { member, n: 1, acceptBy }
  for (const [from, to, n] of [...retried, ...readmitted]) {
    for (let member = from; member < to; member++) yield { member, n, acceptBy }
  }
}

/** Targets admitted: each is assigned its attempt in its own stream. */
export function assignTargets({ log }: { log: Log }): Duty {
  return {
    name: 'assign-targets',
    concerns: (commit) => holds(commit, 'TargetsAdmitted'),
    async act(commit) {
      const upgrade = streamOf(commit).id
      const metadata = causedBy(commit, systemActor)
      const admissions = eventsIn(commit, upgradeEvents.decode, 'TargetsAdmitted').flatMap((event) => [
        ...admissionsOf(event),
      ])
      for (let start = 0; start < admissions.length; start += batchSize) {
        const { state } = await log.load(upgradeAggregate, upgrade)
        if (!(await mayAssign(log, state))) return
        const due = admissions.slice(start, start + batchSize).filter(({ member, n }) => {
          const present = memberAt(state.chunks, member)
          return present?.status === 'in_flight' && present.n === n
        })
        await sideBySide(due, atOnce, (admission) =>
          assignMember({ log, upgrade, state, metadata }, admission),
        )
      }
    },
  }
}
