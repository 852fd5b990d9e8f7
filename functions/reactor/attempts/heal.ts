import { refOf } from '../../../events/stream.ts'
import { systemActor } from '../../domain/actor.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { membersInFlight } from '../../domain/upgrade/chunks.ts'
import type { LogAndClock } from '../../facts/admission.ts'
import type { Metadata } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import {
  type Admitted,
  acceptanceNow,
  assignMember,
  attemptOf,
  type Members,
  memberName,
  membersOf,
} from './member.ts'
import { endOfAttempt, recordReported } from './record-outcomes.ts'

/**
 * Brings together what the upgrade and the target know of a member in flight, when the reactor missed something on the way: an end that
 * was never recorded is recorded, an assignment that never arrived is made again, with the time to accept it counted from an instant.
 */
export async function healMember(members: Members, admitted: Admitted, at: string): Promise<void> {
  const { log, upgrade, cause } = members
  const { target, attempt } = await attemptOf(members, admitted)
  const ended = await endOfAttempt(log, target, attempt.attempt)
  if (ended) {
    const { correlation } = cause
    const causation = refOf(log.of(targetAggregate, target).name, ended.commit)
    await recordReported(members, upgrade, [ended], { actor: systemActor, correlation, causation })
    return
  }
  const acceptance = await acceptanceNow(members, at)
  if (acceptance) await assignMember(members, { ...admitted, ...acceptance })
}

/** Heals every member in flight whose target does not work on its attempt. Returns how many there were. */
export async function healMembers(
  services: LogAndClock,
  upgrade: string,
  cause: Metadata,
  at: string,
): Promise<number> {
  const members = await membersOf(services, upgrade, cause)
  if (!members) return 0
  let healed = 0
  const each = new OnTheirOwn()
  const heal = async (admitted: Admitted) => {
    const { target, attempt } = await attemptOf(members, admitted)
    const { active } = (await services.log.load(targetAggregate, target)).state
    if (active?.attempt === attempt.attempt) return
    healed++
    await healMember(members, admitted, at)
  }
  await each.each(membersInFlight(members.state.chunks), atOnce.targets, heal, memberName)
  each.end()
  return healed
}

/**
 * Resumed, approved again, or a hold is lifted: members that were admitted before may have been neither assigned nor withdrawn, when the hold was gone
 * again before the reactor came to it. They are assigned now instead of at their deadline.
 */
export const resumeTargets = duty(
  'resume-targets',
  upgradeAggregate,
  ['UpgradeResumed', 'ApprovalGiven', 'ApprovalsDemanded', 'HoldLifted'],
  async ({ id, commit, cause }, services: LogAndClock) => {
    await healMembers(services, id, cause, commit.at)
  },
)
