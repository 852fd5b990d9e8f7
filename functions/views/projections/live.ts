import type { RolloutEvent } from '../../../events/rollout.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { Projection } from '../projection.ts'
import { requestedRow } from '../requested-row.ts'
import { type LiveRow, placeRow, type UpgradePlace, viewNames } from '../rows.ts'

type LiveEvent = UpgradeEvent | RolloutEvent

/** Those that want to be asked again, and when: what the ticker reads. */
function liveIn<Event extends LiveEvent>(name: string, view: string): Projection<Event, LiveRow> {
  return {
    name,
    place(event: LiveEvent, { id }) {
      if (event.type !== 'WakeUpMoved') return undefined
      return { view, row: id, sequence: event.data.sequence }
    },
    apply(_body, event: LiveEvent) {
      if (event.type !== 'WakeUpMoved') throw new Error(`${event.type} does not feed ${name}.`)
      return event.data.at === null ? 'deleted' : { nextDue: event.data.at }
    },
  }
}

export const live = liveIn<UpgradeEvent>('live', viewNames.live)
export const liveRollouts = liveIn<RolloutEvent>('live rollouts', viewNames.liveRollouts)

/** Where each upgrade lies in the list, by its id. Written once. */
export const upgradePlaces: Projection<UpgradeEvent, UpgradePlace> = {
  name: 'upgrade places',
  place(_event, { id, commit }) {
    return commit === 1 ? { view: viewNames.upgradePlace(id), row: placeRow, sequence: 1 } : undefined
  },
  apply: (_body, _event, { id, since }) => ({ row: requestedRow(since, id) }),
}
