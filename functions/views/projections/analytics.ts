import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { Projection } from '../projection.ts'
import { type AttemptsRow, viewNames } from '../rows.ts'

/** How attempts ended, by day: a row for each time that an upgrade told it, written once. Whoever asks sums them. */
export const analytics: Projection<UpgradeEvent, AttemptsRow> = {
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
