import type { TargetFacts } from '../../../events/target.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded, Log } from '../../log/log.ts'
import { Problem } from '../http/problem.ts'

type Registered = TargetState & { readonly facts: TargetFacts }

/** Returns a target that is registered. Throws the problem that there is none. */
export async function registeredTarget(log: Log, id: string): Promise<Loaded<Registered>> {
  const loaded = await log.load(targetAggregate, id)
  const { registered, facts } = loaded.state
  if (!registered || !facts) throw new Problem('target-not-found', 'No such target is registered.')
  return { ...loaded, state: { ...loaded.state, facts } }
}
