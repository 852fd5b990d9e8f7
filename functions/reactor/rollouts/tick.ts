import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { tick } from '../../domain/rollout/execution.ts'
import type { Log, Metadata } from '../../log/log.ts'

/** Tells a rollout what time it is. Telling it twice changes nothing. */
export async function tickRollout(
  { log }: { readonly log: Log },
  rollout: string,
  cause: Metadata,
): Promise<void> {
  await log.of(rolloutAggregate, rollout).carryOut(tick(), cause)
}
