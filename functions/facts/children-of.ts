import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { type Child, exists, type UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'

/** Returns every child that an upgrade has noted, in the order in which they were: from its stream where there are more than its state keeps. */
export async function childrenOf(log: Log, upgrade: string, state: UpgradeState): Promise<readonly Child[]> {
  if (!exists(state)) return []
  if (state.childrenBefore === 0) return state.children
  const all: Child[] = []
  const noted = log.of(upgradeAggregate, upgrade).events({ consistent: true }, ['ChildRequested'])
  for await (const { event, at } of noted) {
    const { child, kind, target } = event.data
    all.push({ child, kind, target, at })
  }
  return all
}
