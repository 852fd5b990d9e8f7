import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { memberAt } from '../domain/upgrade/members.ts'
import type { Log } from '../log/log.ts'
import { planMembers } from '../planning/members.ts'
import { notReadyAmong } from '../planning/readiness.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Telemetry } from '../work/telemetry.ts'
import { assignMember, type MemberContext, mayAssign } from './assignment.ts'
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

interface Assigning {
  readonly log: Log
  readonly telemetry: () => Pick<Telemetry, 'lastSeenOf'>
}

/**
 * Assigns members whose upgrade asks for checks first: their streams are read, since these name the gateways, then all are looked up in
 * telemetry at once. Each stream is decided from that same reading, so that the checks add no read of the log.
 */
async function assignChecked(
  { log, telemetry }: Assigning,
  context: MemberContext,
  due: readonly Admission[],
  now: number,
): Promise<void> {
  const { planHash = '' } = context.state.plan ?? {}
  const members = await planMembers(log, planHash, new Set(due.map(({ member }) => member)))
  const loaded = await sideBySide(due, atOnce, async (admission) => {
    const target = members.get(admission.member)?.target ?? ''
    return { admission, target, from: await log.load(targetAggregate, target) }
  })
  const reachable = loaded.map(({ target, from }) => ({ target, gateway: from.state.facts?.gateway ?? null }))
  const notReady = await notReadyAmong({ telemetry: telemetry(), now: () => now }, reachable)
  await sideBySide(loaded, atOnce, ({ admission, target, from }) =>
    assignMember(context, admission, { ready: !notReady.has(target), from }),
  )
}

/** Targets admitted: each is assigned its attempt in its own stream. */
export function assignTargets(assigning: Assigning): Duty {
  const { log } = assigning
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
        const context = { log, upgrade, state, metadata }
        if (state.request?.preUpgradeChecks)
          await assignChecked(assigning, context, due, Date.parse(commit.at))
        else await sideBySide(due, atOnce, (admission) => assignMember(context, admission))
      }
    },
  }
}
