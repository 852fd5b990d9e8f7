import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { ExistingUpgrade } from '../../domain/upgrade/state.ts'
import { childrenOf } from '../../facts/children-of.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { beginChild } from '../../planning/children.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

type Noted = Extract<UpgradeEvent, { type: 'ChildRequested' }>['data']

const hasBegun = async (log: Log, child: string) => (await log.load(upgradeAggregate, child)).commit > 0

async function beginNoted(log: Log, { child, request, by, rollout }: Noted, cause: Metadata): Promise<void> {
  if (!(await hasBegun(log, child))) await beginChild({ log }, child, { request, by, rollout }, cause)
}

/** Begins the children that an upgrade has noted and that never began, as the reactor may have missed: each by itself. */
export async function healChildren(
  log: Log,
  upgrade: string,
  state: ExistingUpgrade,
  cause: Metadata,
): Promise<void> {
  const missing = new Set<string>()
  const each = new OnTheirOwn()
  const look = async ({ child }: { readonly child: string }) => {
    if (!(await hasBegun(log, child))) missing.add(child)
  }
  await each.each(await childrenOf(log, upgrade, state), 1, look, ({ child }) => child)
  if (missing.size > 0) {
    const noted = log.of(upgradeAggregate, upgrade).events({ consistent: true }, ['ChildRequested'])
    const begin = async ({ data }: { readonly data: Noted }) => {
      if (missing.has(data.child)) await beginNoted(log, data, cause)
    }
    await each.each(
      noted,
      1,
      ({ event }) => begin(event),
      ({ event }) => event.data.child,
    )
  }
  each.end()
}

/** A child was noted: whoever noted it begins it. Where that was cut short, it is begun here, and its execution plans it. */
export const beginChildren = duty(
  'begin-children',
  upgradeAggregate,
  ['ChildRequested'],
  async ({ events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    const each = new OnTheirOwn()
    await each.each(
      events,
      1,
      ({ data }) => beginNoted(log, data, cause),
      ({ data }) => data.child,
    )
    each.end()
  },
)
