import { accept } from '../aggregate.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { type DueMeasurement, dueMeasurements, type Reading, resultOf } from './measuring.ts'
import { hasBegun } from './state.ts'

/** Notes what a look at a metric gave. One that was noted already, or of a wave that is not watched any more, changes nothing. */
export function noteMeasurement(
  look: Pick<DueMeasurement, 'place' | 'n'> & { readonly wave: number },
  reading: Reading,
): UpgradeDecision {
  return (state, now) => {
    const due = dueMeasurements(state, now).find(({ place, n }) => place === look.place && n === look.n)
    if (!due || !hasBegun(state) || state.wave.number !== look.wave) return accept()
    const draft = new Draft(state, now)
    draft.add({
      type: 'MeasurementTaken',
      data: {
        ...{ wave: look.wave, metric: look.place, name: due.metric.name, n: look.n },
        ...{ value: reading.value, why: reading.why, result: resultOf(due.metric, reading) },
      },
    })
    return draft.decision()
  }
}
