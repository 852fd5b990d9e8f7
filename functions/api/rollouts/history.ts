import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { type ExistingRollout, exists } from '../../domain/rollout/state.ts'
import type { Log } from '../../log/log.ts'
import { Problem } from '../http/problem.ts'

/** Returns the problem that there is no such rollout. */
export function rolloutNotFound(): Problem {
  return new Problem('rollout-not-found', 'There is no such rollout.')
}

/** Returns a rollout as its stream tells it now, or as it was at an ISO instant. Throws the problem that there is none. */
export async function rolloutAt(
  log: Log,
  id: string,
  at: string | undefined,
): Promise<{ readonly state: ExistingRollout; readonly commit: number }> {
  const { state, commit } = await log.load(rolloutAggregate, id, at === undefined ? {} : { at })
  if (!exists(state)) throw rolloutNotFound()
  return { state, commit }
}
