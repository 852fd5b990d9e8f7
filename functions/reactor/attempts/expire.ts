import { earlier } from '../../../events/time.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { expireAttempt, nextDeadline } from '../../domain/target/attempt.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { chunkOf, memberAt, membersInFlight } from '../../domain/upgrade/chunks.ts'
import { eachMember } from '../../domain/upgrade/members.ts'
import { moveDeadline } from '../../domain/upgrade/outcomes.ts'
import type { LogAndClock } from '../../facts/admission.ts'
import type { Metadata } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import type { Telemetry } from '../../work/telemetry.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'
import { healMember } from './heal.ts'
import { type Admitted, attemptOf, type Members, memberName, membersOf } from './member.ts'

/** Tells when the agent of a target was last heard of; null: never. */
type Heard = (target: string) => Promise<string | null>

/**
 * Asks the targets of members in flight whether their attempts have run out, since these end in their streams alone; what was lost on the way is
 * healed. Returns until when attempts may run on, by chunk, how many members were no more at work, and what ends in an error where some failed.
 */
async function ask(
  members: Members,
  inFlight: readonly Admitted[],
  heard: Heard,
  at: string,
): Promise<{
  readonly deadlines: ReadonlyMap<number, string>
  readonly healed: number
  readonly each: OnTheirOwn
}> {
  const { log, cause } = members
  const deadlines = new Map<number, string>()
  let healed = 0
  const each = new OnTheirOwn()
  const expire = async (admitted: Admitted) => {
    const { target, attempt } = await attemptOf(members, admitted)
    const expiry = expireAttempt({ ...attempt, lastSeen: await heard(target) })
    const { kind, loaded } = await log.of(targetAggregate, target).carryOut(expiry, cause)
    const deadline = nextDeadline(loaded.state, attempt, at)
    if (deadline !== null) {
      const chunk = chunkOf(admitted.member)
      deadlines.set(chunk, earlier(deadlines.get(chunk) ?? deadline, deadline))
      return
    }
    healed++
    if (kind === 'unchanged') await healMember(members, admitted, at)
  }
  await each.each(inFlight, atOnce.targets, expire, memberName)
  return { deadlines, healed, each }
}

/** Asks all members of an upgrade that are in flight, whether it is time to or not. Returns how many had run out, or were lost on the way. */
export async function askInFlight(
  services: LogAndClock & { readonly telemetry: Pick<Telemetry, 'lastSeenOf'> },
  upgrade: string,
  cause: Metadata,
  at: string,
): Promise<number> {
  const members = await membersOf(services, upgrade, cause)
  if (!members) return 0
  const heard = async (target: string) => (await services.telemetry.lastSeenOf([target])).get(target) ?? null
  const { healed, each } = await ask(members, membersInFlight(members.state.chunks), heard, at)
  each.end()
  return healed
}

/** Deadlines passed: the targets are asked. One that may run on answers until when. */
export const expireAttempts = duty(
  'expire-attempts',
  upgradeAggregate,
  ['DeadlinePassed'],
  async ({ id, commit, events, cause }, services: Pick<ReactorServices, 'log' | 'telemetry' | 'now'>) => {
    const { log, telemetry } = services
    const members = await membersOf(services, id, cause)
    if (!members) return
    const asked = events.flatMap(({ data }) => [...eachMember(data.members)])
    const inFlight = asked.flatMap((member) => {
      const present = memberAt(members.state.chunks, member)
      return present?.status === 'in_flight' ? [{ member, n: present.n }] : []
    })
    const { deadlines, each } = await ask(members, inFlight, telemetry.lastSeen, commit.at)
    const upgrade = log.of(upgradeAggregate, id)
    for (const [chunk, until] of deadlines) await upgrade.carryOut(moveDeadline({ chunk, until }), cause)
    each.end()
  },
)
