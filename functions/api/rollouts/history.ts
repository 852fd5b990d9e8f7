import type { RolloutEvent } from '../../../events/rollout.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { type ExistingRollout, exists } from '../../domain/rollout/state.ts'
import type { Log, Told } from '../../log/log.ts'
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

/** Yields the events of a rollout, oldest first, read strongly; with `at`, those decided at or before that ISO instant. */
export async function* pastOf(
  log: Log,
  id: string,
  at: string | undefined,
  from = 1,
): AsyncGenerator<Told<RolloutEvent>> {
  for await (const told of log.of(rolloutAggregate, id).events({ from, consistent: true })) {
    if (at !== undefined && told.at > at) return
    yield told
  }
}
