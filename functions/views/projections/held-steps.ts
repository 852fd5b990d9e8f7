import type { TargetEvent } from '../../../events/target.ts'
import type { Projection } from '../projection.ts'
import { type HeldStepRow, viewNames } from '../rows.ts'

/** Every target with a step that is held: what people are waited for. Fed by what holds a step, and by what ends that. */
export const heldSteps: Projection<TargetEvent, HeldStepRow> = {
  name: 'held steps',
  place({ data }, { id }) {
    if (!('holding' in data) || data.holding === undefined) return undefined
    return { view: viewNames.heldSteps, row: id, sequence: data.holding }
  },
  apply(_body, event, { id, at }) {
    if (event.type !== 'StepHeld') return 'deleted'
    const { upgrade, attempt, step, name, component, version, why, ask } = event.data
    return { target: id, upgrade, attempt, step, name, component, version, why, ask, since: at }
  },
}
