import type { CalendarDefinition } from '../../events/policy.ts'

/** What a calendar said from an instant on; null: it was deleted. */
export interface AuditedCalendar {
  readonly since: string
  readonly definition: CalendarDefinition | null
}

/** Returns the day in a zone, as 2026-12-24. */
function dayOf(at: string, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' })
  return parts.format(new Date(at))
}

/** Is a calendar closed at an instant, by what it says and nothing else? */
function isClosed(definition: CalendarDefinition, at: string): boolean {
  if (definition.kind === 'dates') {
    const day = dayOf(at, definition.timezone)
    return definition.dates.some(({ date }) => date === day || date === day.slice('2026-'.length))
  }
  const inside = definition.ranges.some(({ start, end }) => start <= at && at < end)
  if (definition.kind === 'ranges') return inside
  const unknown = definition.knownUntil !== null && at >= definition.knownUntil
  const closedInside = definition.kind === 'country' || definition.otherwise === 'open'
  return unknown || inside === closedInside
}

/** Returns since when a calendar is known to be closed at an instant; undefined where it is open. */
export function closedSince(
  calendar: readonly AuditedCalendar[] | undefined,
  at: string,
): string | undefined {
  const now = calendar?.findLast(({ since }) => since <= at)
  return now?.definition && isClosed(now.definition, at) ? now.since : undefined
}
