import { earlier } from '../../../events/time.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { expireAttempt, nextDeadline } from '../../domain/target/attempt.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { chunkOf, memberAt } from '../../domain/upgrade/chunks.ts'
import { eachMember } from '../../domain/upgrade/members.ts'
import { moveDeadline } from '../../domain/upgrade/outcomes.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'
import { healMember } from './heal.ts'
import { type Admitted, attemptOf, memberName, membersOf } from './member.ts'

/**
 * Deadlines passed: the targets are asked, since an attempt ends in their streams alone. One that may run on answers until when; what
 * was lost on the way is healed.
 */
export const expireAttempts = duty(
  'expire-attempts',
  upgradeAggregate,
  ['DeadlinePassed'],
  async ({ id, commit, events, cause }, services: Pick<ReactorServices, 'log' | 'telemetry' | 'now'>) => {
    const { log, telemetry } = services
    const members = await membersOf(services, id, cause)
    if (!members) return
    const { state } = members
    const asked = events.flatMap(({ data }) => [...eachMember(data.members)])
    const inFlight = asked.flatMap((member) => {
      const present = memberAt(state.chunks, member)
      return present?.status === 'in_flight' ? [{ member, n: present.n }] : []
    })
    const deadlines = new Map<number, string>()
    const each = new OnTheirOwn()
    const expire = async (admitted: Admitted) => {
      const { target, attempt } = await attemptOf(members, admitted)
      const lastSeen = await telemetry.lastSeen(target)
      const expiry = expireAttempt({ ...attempt, lastSeen })
      const { kind, loaded } = await log.of(targetAggregate, target).carryOut(expiry, cause)
      const deadline = nextDeadline(loaded.state, attempt, commit.at)
      if (deadline !== null) {
        const chunk = chunkOf(admitted.member)
        deadlines.set(chunk, earlier(deadlines.get(chunk) ?? deadline, deadline))
      } else if (kind === 'unchanged') await healMember(members, admitted, commit.at)
    }
    await each.each(inFlight, atOnce.targets, expire, memberName)
    const upgrade = log.of(upgradeAggregate, id)
    for (const [chunk, until] of deadlines) await upgrade.carryOut(moveDeadline({ chunk, until }), cause)
    each.end()
  },
)
