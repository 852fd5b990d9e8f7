import type { Property } from './content.ts'
import { dateOf, wallOf, wrongValue } from './values.ts'
import type { Zone, Zones } from './zone.ts'

/** How a value says when: a whole day, a time that any zone may have, or one that is fixed (RFC 5545 §3.3.5). */
export type Form = 'date' | 'floating' | 'fixed'

/** A day, or a wall clock time in a zone; `wall` is the milliseconds that it would be in UTC. */
export interface Moment {
  readonly form: Form
  readonly wall: number
  readonly zone: Zone
}

/** Before there were zones their clocks are anybody's guess, and so they are in runtimes. */
const [earliest, latest] = [Date.UTC(1900, 0, 1), Date.UTC(9999, 0, 1)]

function known(wall: number, property: Property): number {
  if (wall >= earliest && wall < latest) return wall
  throw wrongValue(property, 'has to lie in the years from 1900 to 9998')
}

/** Reads the values of a property, days or times, separated by commas. Throws NotACalendar. */
export function momentsOf(property: Property, zones: Zones): Moment[] {
  return property.value.split(',').map((text) => momentFrom(text.trim(), property, zones))
}

/** Reads the one value of a property. Throws NotACalendar. */
export function momentOf(property: Property, zones: Zones): Moment {
  return momentFrom(property.value.trim(), property, zones)
}

/** Reads one value of a property. A day that does not say VALUE=DATE cannot be anything else. Throws NotACalendar. */
export function momentFrom(text: string, property: Property, zones: Zones): Moment {
  const type = property.parameters.get('VALUE')?.toUpperCase()
  if (type !== undefined && !['DATE', 'DATE-TIME', 'PERIOD'].includes(type))
    throw wrongValue(property, 'has to be of VALUE=DATE or VALUE=DATE-TIME')
  const midnight = type === 'DATE-TIME' || type === 'PERIOD' ? undefined : dateOf(text)
  if (midnight !== undefined) return { form: 'date', wall: known(midnight, property), zone: zones.days }
  const time = type === 'DATE' ? undefined : wallOf(text)
  if (!time) {
    const form = type === 'DATE' ? 'a day, as 20261224' : 'a day, as 20261224, or a time, as 20261224T180000Z'
    throw wrongValue(property, `has to be ${form}, that there is; it says “${text.slice(0, 40)}”`)
  }
  const named = property.parameters.get('TZID')
  const zone = time.utc ? zones.utc : named === undefined ? zones.floating : zones.named(named, property)
  const form = time.utc || named !== undefined ? 'fixed' : 'floating'
  return { form, wall: known(time.wall, property), zone }
}

/** Returns the instant of a moment, in milliseconds since the epoch. */
export function momentInstant({ wall, zone }: Pick<Moment, 'wall' | 'zone'>): number {
  return zone.instantAt(wall)
}

/** Values that speak of occurrences have the form of the start: else they would never meet it, or somewhere else. Throws NotACalendar. */
export function alike(moment: Moment, start: Moment, property: Pick<Property, 'name' | 'line'>): Moment {
  if (moment.form === start.form) return moment
  const forms = {
    date: 'a day, as DTSTART',
    floating: 'a time without a zone, as DTSTART',
    fixed: 'a time in UTC or in a zone, as DTSTART',
  }
  throw wrongValue(property, `has to be ${forms[start.form]}`)
}
