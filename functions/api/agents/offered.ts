import { instantOf } from '../../../events/time.ts'
import { mayBeAccepted, type TargetState } from '../../domain/target/state.ts'

/** Returns the attempt that an agent may have now; undefined: none waits for it. */
export function offeredNow({ active, retired }: TargetState, now: number): TargetState['active'] | undefined {
  // What a procedure does is not offered to an agent.
  if (!active || active.procedure || retired) return undefined
  return active.acceptedAt !== null || mayBeAccepted(active, instantOf(now)) ? active : undefined
}
