import { awaitsApproval } from '../../domain/standing.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { withdrawAttempt } from '../../domain/target/attempt.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { membersInFlight } from '../../domain/upgrade/chunks.ts'
import { keepsEverybodyOut } from '../../domain/upgrade/hold.ts'
import type { LogAndClock } from '../../facts/admission.ts'
import type { Metadata } from '../../log/log.ts'
import { atOnce, targetsPerLook } from '../../patience.ts'
import { inChunks, OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import { type Admitted, attemptOf, type Members, memberName, membersOf } from './member.ts'

/** Is there a reason why what no target has accepted yet has to come back? */
function mustWithdraw({ state }: Members): boolean {
  const { abort, standing } = state
  const heldBack = standing.status === 'paused' || keepsEverybodyOut(standing.holds)
  return abort !== null || heldBack || awaitsApproval(state)
}

/** Withdraws what no target of an upgrade has accepted, where there is a reason to. */
export async function withdrawUnaccepted(
  services: LogAndClock,
  upgrade: string,
  cause: Metadata,
): Promise<void> {
  let members = await membersOf(services, upgrade, cause)
  const inFlight = members ? membersInFlight(members.state.chunks) : []
  const each = new OnTheirOwn()
  for (const some of inChunks(inFlight, targetsPerLook)) {
    const present = members ?? (await membersOf(services, upgrade, cause))
    if (!present || !mustWithdraw(present)) break
    const withdraw = async (admitted: Admitted) => {
      const { target, attempt } = await attemptOf(present, admitted)
      await services.log.of(targetAggregate, target).carryOut(withdrawAttempt(attempt), cause)
    }
    await each.each(some, atOnce.targets, withdraw, memberName)
    members = undefined
  }
  each.end()
}

/** Paused, aborted, frozen, out of its window or approved no more: what no target has accepted is withdrawn; what is accepted finishes. */
export const withdrawTargets = duty(
  'withdraw-targets',
  upgradeAggregate,
  ['UpgradePaused', 'AbortRequested', 'HoldPlaced', 'ApprovalsVoided'],
  ({ id, cause }, services: LogAndClock) => withdrawUnaccepted(services, id, cause),
)
