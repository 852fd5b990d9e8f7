import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { memberAt } from '../../domain/upgrade/chunks.ts'
import { eachMember } from '../../domain/upgrade/members.ts'
import { planMembers } from '../../facts/plan-members.ts'
import { notReadyAmong } from '../../facts/readiness.ts'
import type { Loaded } from '../../log/log.ts'
import { atOnce, targetsPerLook } from '../../patience.ts'
import { inChunks, OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'
import {
  type Acceptance,
  type Admitted,
  acceptanceNow,
  assignMember,
  type Members,
  memberName,
  membersOf,
} from './member.ts'

type Admission = Admitted & Acceptance

function* admissionsOf({ data }: Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>): Generator<Admission> {
  const { members, retried, readmitted, acceptBy, closing } = data
  const until = { acceptBy, ...(closing && { closing }) }
  for (const member of eachMember(members)) yield { member, n: 1, ...until }
  for (const [from, to, n] of [...retried, ...readmitted])
    for (const member of eachMember([[from, to]])) yield { member, n, ...until }
}

/**
 * Assigns members whose upgrade asks for checks first: their streams are read, since these name the gateways, then all are looked up in
 * telemetry at once. Each stream is decided from that same reading, so that the checks add no read of the log.
 */
async function assignChecked(
  members: Members,
  due: readonly Admission[],
  services: Pick<ReactorServices, 'telemetry'>,
  now: number,
  each: OnTheirOwn,
): Promise<void> {
  const { log, state } = members
  const planned = await planMembers(log, state.plan.planHash, new Set(due.map(({ member }) => member)))
  const loaded: { admission: Admission; target: string; from: Loaded<TargetState> }[] = []
  const load = async (admission: Admission) => {
    const target = planned.get(admission.member)?.target ?? ''
    loaded.push({ admission, target, from: await log.load(targetAggregate, target) })
  }
  await each.each(due, atOnce.targets, load, memberName)
  const reachable = loaded.map(({ target, from }) => ({ target, gateway: from.state.facts?.gateway ?? null }))
  const notReady = await notReadyAmong({ telemetry: services.telemetry, now: () => now }, reachable)
  const assign = ({ admission, target, from }: (typeof loaded)[number]) =>
    assignMember(members, admission, { ready: !notReady.has(target), from })
  await each.each(loaded, atOnce.targets, assign, ({ admission }) => memberName(admission))
}

/** Targets admitted: each is assigned its attempt in its own stream. */
export const assignTargets = duty(
  'assign-targets',
  upgradeAggregate,
  ['TargetsAdmitted'],
  async ({ id, commit, events, cause }, services: Pick<ReactorServices, 'log' | 'telemetry' | 'now'>) => {
    const admissions = events.flatMap((event) => [...admissionsOf(event)])
    const each = new OnTheirOwn()
    for (const some of inChunks(admissions, targetsPerLook)) {
      const members = await membersOf(services, id, cause)
      if (!members || !(await acceptanceNow(members, commit.at))) break
      const due = some.filter(({ member, n }) => {
        const present = memberAt(members.state.chunks, member)
        return present?.status === 'in_flight' && present.n === n
      })
      if (members.state.request.preUpgradeChecks)
        await assignChecked(members, due, services, Date.parse(commit.at), each)
      else await each.each(due, atOnce.targets, (admission) => assignMember(members, admission), memberName)
    }
    each.end()
  },
)
