import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { instantOf } from '../../../events/time.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { Operate } from '../http/endpoint.ts'
import { pastOf } from '../http/story.ts'
import { exposureOf } from '../upgrades/blast-radius.ts'
import { rolloutAt } from './history.ts'

/** Shows the blast radius of each phase that has begun. */
export const getRolloutBlastRadius: Operate<(typeof rolloutContracts)['getRolloutBlastRadius']> = async (
  { params, query },
  { log },
) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await rolloutAt(log, params.id, at)
  const phases: (NonNullable<Awaited<ReturnType<typeof exposureOf>>> & {
    name: string
    upgradeId: string
  })[] = []
  for (const { name, upgrade } of state.phases) {
    const exposure =
      upgrade === null ? undefined : await exposureOf(pastOf(log, upgradeAggregate, upgrade, at))
    if (exposure && upgrade !== null) phases.push({ name, upgradeId: upgrade, ...exposure })
  }
  const proven = phases.every((phase) => phase.proven)
  return { status: 200, body: { rolloutId: params.id, proven, phases }, etag: commit }
}
