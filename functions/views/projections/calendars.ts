import type { CalendarDefinition, PolicyEvent } from '../../../events/policy.ts'
import { knownUntil } from '../../domain/policy/calendar.ts'
import type { Projection } from '../projection.ts'
import { type CalendarRow, viewNames } from '../rows.ts'

const prefix = 'calendar:'

function entriesOf(definition: CalendarDefinition): number {
  switch (definition.kind) {
    case 'dates':
      return definition.dates.length
    case 'ranges':
    case 'country':
    case 'ical':
      return definition.ranges.length
  }
}

/** Every calendar by its name. What it closes is read from the log: a definition may be larger than a row. */
export const calendars: Projection<PolicyEvent, CalendarRow> = {
  name: 'calendars',
  place(event, { id, number }) {
    const feeds = event.type === 'CalendarDefined' || event.type === 'CalendarDeleted'
    if (!feeds || !id.startsWith(prefix)) return undefined
    return { view: viewNames.calendars, row: id.slice(prefix.length), sequence: number }
  },
  apply(_body, event, { id, at }) {
    if (event.type === 'CalendarDeleted') return 'deleted'
    if (event.type !== 'CalendarDefined') throw new Error(`${event.type} does not feed the calendars.`)
    const { definition } = event.data
    const name = id.slice(prefix.length)
    return {
      name,
      kind: definition.kind,
      entries: entriesOf(definition),
      knownUntil: knownUntil(definition),
      updatedAt: at,
    }
  },
}
