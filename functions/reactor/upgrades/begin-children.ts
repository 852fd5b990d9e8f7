import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { beginChild } from '../../planning/children.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** A child was noted: whoever noted it begins it. Where that was cut short, it is begun here, and its execution plans it. */
export const beginChildren = duty(
  'begin-children',
  upgradeAggregate,
  ['ChildRequested'],
  async ({ events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    for (const { data } of events) {
      const { child, request, by } = data
      if ((await log.load(upgradeAggregate, child)).commit === 0)
        await beginChild({ log }, child, { request, by }, cause)
    }
  },
)
