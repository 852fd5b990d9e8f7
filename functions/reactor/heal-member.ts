import { targetEvents } from '../../events/target.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import type { Log } from '../log/log.ts'
import { assignMember, attemptOf, type MemberContext, mayAssign } from './assignment.ts'
import { eventsIn } from './duty.ts'
import { recordReported } from './record-outcomes.ts'

/** Returns how an attempt ended and in which commit, as the target's stream tells it; undefined while it has not. */
async function endOfAttempt(log: Log, target: string, attempt: string) {
  for await (const commit of log.commits(`target#${target}`, { consistent: true })) {
    const ended = eventsIn(commit, targetEvents.decode, 'AttemptEnded').find(
      ({ data }) => data.attempt === attempt,
    )
    if (ended) return { ...ended.data, commit: commit.commit }
  }
  return undefined
}

/**
 * Brings together what the upgrade and the target know of a member in flight, when the reactor missed something on the way: an end that
 * was never recorded is recorded, an assignment that never arrived is made again.
 */
export async function healMember(
  context: MemberContext,
  admission: { readonly member: number; readonly n: number; readonly acceptBy: string },
): Promise<void> {
  const { log, upgrade, state } = context
  const { target, identity } = await attemptOf(context, admission)
  const ended = await endOfAttempt(log, target, identity.attempt)
  if (ended) {
    const { member, n, outcome, code, retryable, commit } = ended
    const cause = {
      actor: systemActor,
      correlation: context.metadata.correlation,
      causation: `target#${target}@${commit}`,
    }
    await recordReported(log, upgrade, [{ member, n, outcome, code, retryable, commit }], cause)
  } else if (await mayAssign(log, state)) {
    await assignMember(context, admission)
  }
}
