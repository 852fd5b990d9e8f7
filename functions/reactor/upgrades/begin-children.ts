import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { ExistingUpgrade } from '../../domain/upgrade/state.ts'
import { childrenOf } from '../../facts/children-of.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { beginChild } from '../../planning/children.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

type Noted = Extract<UpgradeEvent, { type: 'ChildRequested' }>['data']

const hasBegun = async (log: Log, child: string) => (await log.load(upgradeAggregate, child)).commit > 0

async function beginNoted(log: Log, { child, request, by, rollout }: Noted, cause: Metadata): Promise<void> {
  if (!(await hasBegun(log, child))) await beginChild({ log }, child, { request, by, rollout }, cause)
}

/** Begins the children that an upgrade has noted and that never began, as the reactor may have missed. */
export async function healChildren(
  log: Log,
  upgrade: string,
  state: ExistingUpgrade,
  cause: Metadata,
): Promise<void> {
  const missing = new Set<string>()
  for (const { child } of await childrenOf(log, upgrade, state))
    if (!(await hasBegun(log, child))) missing.add(child)
  if (missing.size === 0) return
  const noted = log.of(upgradeAggregate, upgrade).events({ consistent: true }, ['ChildRequested'])
  for await (const { event } of noted)
    if (missing.has(event.data.child)) await beginNoted(log, event.data, cause)
}

/** A child was noted: whoever noted it begins it. Where that was cut short, it is begun here, and its execution plans it. */
export const beginChildren = duty(
  'begin-children',
  upgradeAggregate,
  ['ChildRequested'],
  async ({ events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    for (const { data } of events) await beginNoted(log, data, cause)
  },
)
