import { type UpgradeEvent, upgradeEvents } from '../../../events/upgrade.ts'
import type { Aggregate } from '../aggregate.ts'
import { evolve } from './evolve.ts'
import { initialUpgrade, type UpgradeState } from './state.ts'

/** One run that takes targets to a release: it owns limits, thresholds, the order of waves, and every admission. */
export const upgradeAggregate: Aggregate<UpgradeState, UpgradeEvent> = {
  name: 'upgrade',
  stateSchema: 6,
  initial: initialUpgrade,
  evolve,
  decode: upgradeEvents.decode,
  encode: upgradeEvents.encode,
}
