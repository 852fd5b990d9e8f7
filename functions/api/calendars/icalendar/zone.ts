import { isTimeZone } from '../../../../events/time-zones.ts'
import { firstInstantAt, instantRead } from '../../../domain/profile/zone.ts'
import { allOf, type Component, oneOf, type Property } from './content.ts'
import { occurrences } from './recurrence.ts'
import { NotACalendar, type Work } from './refusal.ts'
import { type Rule, readRule } from './rule.ts'
import { offsetOf, wallOf, wrongValue } from './values.ts'
import { windowsZones } from './windows-zones.ts'

/**
 * Where wall clocks show a time. One that they repeat is its first occurrence; one that they skip is read with the offset before the gap
 * (RFC 5545 §3.3.5).
 */
export interface Zone {
  /** Returns the instant of a wall clock time; both in milliseconds, as of UTC. */
  instantAt(wall: number): number
}

/** The zones of one calendar. */
export interface Zones {
  readonly utc: Zone
  /** Where times are that name no zone. */
  readonly floating: Zone
  /** Where whole days are: from their first instant on. */
  readonly days: Zone
  /** Returns the zone that a property names. Throws NotACalendar when nobody knows it. */
  named(name: string, property: Property): Zone
}

const utc: Zone = { instantAt: (wall) => wall }

function zoneNamed(name: string): Zone {
  return { instantAt: (wall) => instantRead(wall, name) }
}

/**
 * Returns the zones of a calendar. What a file defines itself comes first, then the names of the IANA database, then those of Windows.
 * `horizon` is the last instant that is of interest.
 */
export function zonesOf(calendar: Component, timezone: string, horizon: number, work: Work): Zones {
  const defined = new Map<string, Component>()
  for (const component of calendar.components) {
    if (component.name !== 'VTIMEZONE') continue
    const name = oneOf(component, 'TZID')?.value.trim()
    if (name === undefined) throw new NotACalendar(`the VTIMEZONE of line ${component.line} has no TZID`)
    defined.set(name, component)
  }
  const known = new Map<string, Zone>()
  const find = (name: string, property: Property): Zone => {
    const own = defined.get(name)
    if (own) return zoneFrom(own, horizon, work)
    const iana = isTimeZone(name) ? name : Object.hasOwn(windowsZones, name) ? windowsZones[name] : undefined
    if (iana !== undefined) return zoneNamed(iana)
    const expected = 'a zone of the IANA database, a name of Windows, or what a VTIMEZONE of the file defines'
    throw wrongValue(property, `names the zone “${name.slice(0, 64)}”, which has to be ${expected}`)
  }
  return {
    utc,
    floating: zoneNamed(timezone),
    days: { instantAt: (wall) => firstInstantAt(wall, timezone) },
    named(name, property) {
      const zone = known.get(name) ?? find(name, property)
      known.set(name, zone)
      return zone
    },
  }
}

/** A change of a zone's clocks. */
interface Change {
  /** On the clocks as they were until then. */
  readonly wall: number
  /** Offsets from UTC in milliseconds. */
  readonly before: number
  readonly after: number
}

/** Makes a zone of a VTIMEZONE (RFC 5545 §3.6.5). */
function zoneFrom(definition: Component, horizon: number, work: Work): Zone {
  const changes = definition.components
    .filter(({ name }) => name === 'STANDARD' || name === 'DAYLIGHT')
    .flatMap((observance) => changesOf(observance, horizon, work))
    .sort((left, right) => left.wall - right.wall)
  const [first] = changes
  if (!first) throw new NotACalendar(`the VTIMEZONE of line ${definition.line} says no STANDARD or DAYLIGHT`)
  return {
    instantAt(wall) {
      const {
        wall: at,
        before,
        after,
      } = changes[lastUntil(changes, wall)] ?? { ...first, after: first.before }
      // Between the old time and the new lies a gap, where clocks go forward.
      return wall - (wall >= at && wall < at + after - before ? before : after)
    },
  }
}

/** The place of the last change that clocks have come to; -1 before the first. */
function lastUntil(changes: readonly Change[], wall: number): number {
  let [low, high] = [0, changes.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((changes[middle]?.wall ?? 0) <= wall) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Writes out when one observance begins. Its start is one of its beginnings, whatever its rule says. */
function changesOf(observance: Component, horizon: number, work: Work): Change[] {
  const needed = (name: string): Property => {
    const property = oneOf(observance, name)
    if (!property) throw new NotACalendar(`the ${observance.name} of line ${observance.line} has no ${name}`)
    return property
  }
  const [before, after] = [offsetOf(needed('TZOFFSETFROM')), offsetOf(needed('TZOFFSETTO'))]
  const starts = [needed('DTSTART'), ...allOf(observance, 'RDATE')].flatMap((property) =>
    property.value.split(',').map((text) => {
      const time = wallOf(text.trim())
      if (!time) throw wrongValue(property, 'has to be a time, as 20261025T030000')
      return time.wall
    }),
  )
  const [start = 0] = starts
  for (const property of allOf(observance, 'RRULE')) {
    const rule = readRule(property.value)
    const until = untilOf(rule, property, before)
    let count = 0
    for (const wall of occurrences(rule, start, start, horizon, work)) {
      count += 1
      if (wall > until || count > (rule.count ?? count)) break
      starts.push(wall)
    }
  }
  return [...new Set(starts)].map((wall) => ({ wall, before, after }))
}

/** The last wall clock time of an observance's rule. UNTIL is in UTC (RFC 5545 §3.6.5). */
function untilOf({ until }: Rule, property: Property, before: number): number {
  if (until === null) return Number.POSITIVE_INFINITY
  const time = wallOf(until)
  if (!time) throw wrongValue(property, 'needs a time as UNTIL, as 20261025T010000Z')
  return time.utc ? time.wall + before : time.wall
}
