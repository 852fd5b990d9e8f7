import { upgradeEvents } from '../../events/upgrade.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { expireAttempt, nextDeadline } from '../domain/target/attempt.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { chunkOf, eachMember, earlier, memberAt } from '../domain/upgrade/members.ts'
import { moveDeadline } from '../domain/upgrade/outcomes.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Telemetry } from '../work/telemetry.ts'
import { attemptOf, profileWindowOf } from './assignment.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'
import { healMember } from './heal-member.ts'

const atOnce = 16

/**
 * Deadlines passed: the targets are asked, since an attempt ends in their streams alone. One that may run on answers until when; what
 * was lost on the way is healed.
 */
export function expireAttempts({ log, telemetry }: { log: Log; telemetry: Telemetry }): Duty {
  return {
    name: 'expire-attempts',
    concerns: (commit) => holds(commit, 'DeadlinePassed'),
    async act(commit) {
      const upgrade = streamOf(commit).id
      const metadata = causedBy(commit, systemActor)
      const { state } = await log.load(upgradeAggregate, upgrade)
      const context = { log, upgrade, state, metadata }
      const asked = eventsIn(commit, upgradeEvents.decode, 'DeadlinePassed').flatMap(({ data }) => [
        ...eachMember(data.members),
      ])
      const running = asked.flatMap((member) => {
        const present = memberAt(state.chunks, member)
        return present?.status === 'in_flight' ? [{ member, n: present.n }] : []
      })
      const deadlines = new Map<number, string>()
      await sideBySide(running, atOnce, async (admission) => {
        const { target, identity } = await attemptOf(context, admission)
        const lastSeen = await telemetry.lastSeen(target)
        const expiry = expireAttempt({ ...identity, lastSeen, ...profileWindowOf(state) })
        const outcome = await log.execute(targetAggregate, target, expiry, metadata, { retryFor: 5000 })
        const deadline = nextDeadline(settled(`target#${target}`, outcome), identity, commit.at)
        if (deadline !== null) {
          const chunk = chunkOf(admission.member)
          deadlines.set(chunk, earlier(deadlines.get(chunk) ?? null, deadline) ?? deadline)
        } else if (outcome.kind === 'unchanged') {
          const acceptBy = new Date(
            Date.parse(commit.at) + (state.request?.deadlines.accept ?? 0) * 1000,
          ).toISOString()
          await healMember(context, { ...admission, acceptBy })
        }
      })
      for (const [chunk, until] of deadlines) {
        const moved = await log.execute(upgradeAggregate, upgrade, moveDeadline({ chunk, until }), metadata, {
          retryFor: 5000,
        })
        settled(commit.stream, moved)
      }
    },
  }
}
