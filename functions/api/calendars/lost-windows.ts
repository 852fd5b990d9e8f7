import type { CalendarDefinition } from '../../../events/policy.ts'
import { after, day, instantOf } from '../../../events/time.ts'
import { closedBetween } from '../../domain/policy/calendar.ts'
import { lostOpenings } from '../../domain/profile/lost-openings.ts'
import { closuresOf } from '../../facts/closures.ts'
import type { Services } from '../services.ts'

/** So far ahead is looked. */
const ahead = 90 * day
/** So many openings an answer names, and so many are counted of each profile. */
const mostNamed = 100
const mostCounted = 10_000

/** What a change of a calendar takes from the profiles in service that keep to it. */
export interface LostWindows {
  readonly count: number
  readonly profiles: readonly {
    readonly id: string
    readonly name: string
    readonly count: number
    readonly openings: readonly string[]
  }[]
}

/**
 * Returns the openings of the next ninety days that were open before a change of a calendar and are closed after it, by profile. Null: the
 * calendar is not there. Profiles come from the view.
 */
export async function lostWindows(
  { log, views, now }: Pick<Services, 'log' | 'views' | 'now'>,
  calendar: string,
  before: CalendarDefinition | null,
  present: CalendarDefinition | null,
): Promise<LostWindows> {
  const from = instantOf(now())
  const to = after(from, ahead)
  const closedBy = (definition: CalendarDefinition | null) =>
    definition ? closedBetween(definition, from, to) : []
  const profiles: LostWindows['profiles'][number][] = []
  let count = 0
  let named = 0
  for await (const { id, status, definition } of views.everyProfile()) {
    const { calendars } = definition.schedule
    if (status !== 'active' || !calendars.includes(calendar)) continue
    const others = calendars.filter((name) => name !== calendar)
    const elsewhere = await closuresOf(log, others, from, to)
    const closures = { before: [...elsewhere, ...closedBy(before)], after: closedBy(present) }
    const most = { counted: mostCounted, named: mostNamed - named }
    const lost = lostOpenings(definition, closures, { from, to }, most)
    if (lost.count === 0) continue
    count += lost.count
    named += lost.openings.length
    if (profiles.length < mostNamed) profiles.push({ id, name: definition.name, ...lost })
  }
  return { count, profiles }
}
