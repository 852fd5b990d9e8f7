import type { RolloutEvent } from '../../../events/rollout.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { Projection } from '../projection.ts'
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

/** Returns the row of an upgrade in the list of all: newest first is descending. */
export function upgradeRow(since: string, id: string): string {
  return `${since}#${id}`
}

/** Returns when the upgrade in a row was requested, and its id. */
export function upgradeInRow(row: string): { readonly since: string; readonly id: string } {
  const separator = row.indexOf('#')
  return { since: row.slice(0, separator), id: row.slice(separator + 1) }
}

/** Where each upgrade lies in the list, by its id. Written once. */
export const upgradePlaces: Projection<UpgradeEvent, UpgradePlace> = {
  name: 'upgrade places',
  place(_event, { id, commit }) {
    return commit === 1 ? { view: viewNames.upgradePlace(id), row: placeRow, sequence: 1 } : undefined
  },
  apply: (_body, _event, { id, since }) => ({ row: upgradeRow(since, id) }),
}
