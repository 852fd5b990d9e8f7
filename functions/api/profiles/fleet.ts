import type { TargetRow } from '../../views/rows.ts'
import type { Views } from '../../views/views.ts'

/** A fleet of so many targets is looked through for whoever asks; of a larger one only what is counted daily is told. */
const countedAtOnce = 1000

/** Returns all targets, by id, where they are few enough to be looked through while somebody waits; undefined where they are more. */
export function fleetAtOnce(views: Pick<Views, 'smallFleet'>): Promise<readonly TargetRow[] | undefined> {
  return views.smallFleet(countedAtOnce)
}
