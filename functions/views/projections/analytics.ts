import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { Told } from '../../domain/tally/groups.ts'
import type { Projection } from '../projection.ts'
import { viewNames } from '../rows.ts'

/** How attempts ended, by day: a row for each time that an upgrade told it, written once and named by its day. Whoever asks sums them. */
export const analytics: Projection<UpgradeEvent, Told> = {
  name: 'analytics',
  place(event, { id, number }) {
    if (event.type !== 'AttemptsTallied') return undefined
    return { view: viewNames.analytics, row: `${event.data.day}#${id}#${number}`, sequence: 1 }
  },
  apply(_body, event) {
    if (event.type !== 'AttemptsTallied') throw new Error(`${event.type} does not feed the analytics.`)
    return event.data
  },
}
