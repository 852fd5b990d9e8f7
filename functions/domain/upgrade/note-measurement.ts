import { accept } from '../aggregate.ts'
import { atWork } from './control.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import {
  type ComingMeasurement,
  comingMeasurements,
  dueMeasurements,
  isExternal,
  isWatched,
  type Reading,
  resultOf,
} from './measuring.ts'
import { type BetweenWaves, hasBegun, type InWave } from './state.ts'

function take(
  state: InWave | BetweenWaves,
  now: string,
  { metric, place, n }: ComingMeasurement,
  reading: Reading,
  by?: string,
) {
  const draft = new Draft(state, now)
  const which = { wave: state.wave.number, metric: place, name: metric.name, n }
  const { value, why, compared } = reading
  const found = { value, why, result: resultOf(metric, reading), ...(compared && { compared }) }
  draft.add({ type: 'MeasurementTaken', data: { ...which, ...found, ...(by !== undefined && { by }) } })
  return draft.decision()
}

/** Notes what a look at a metric gave. One that was noted already, or of a wave that is not watched any more, changes nothing. */
export function noteMeasurement(
  look: Pick<ComingMeasurement, 'place' | 'n'> & { readonly wave: number },
  reading: Reading,
): UpgradeDecision {
  return (state, now) => {
    const due = dueMeasurements(state, now).find(({ place, n }) => place === look.place && n === look.n)
    if (!due || !hasBegun(state) || state.wave.number !== look.wave) return accept()
    return take(state, now, due, reading)
  }
}

/** Takes the word of somebody else on a metric that they measure. */
export function postMeasurement(posted: {
  readonly metric: string
  readonly reading: Reading
  readonly by: string
}): UpgradeDecision {
  return atWork((state, now) => {
    const { metric: name, reading, by } = posted
    const coming = isWatched(state) ? comingMeasurements(state) : []
    const found = coming.find(({ metric }) => metric.name === name && isExternal(metric))
    if (found && hasBegun(state)) return take(state, now, found, reading, by)
    const detail = `No wave of the upgrade waits for ${name} to be measured by others now.`
    return refuse('nothing-to-measure', detail)
  })
}
