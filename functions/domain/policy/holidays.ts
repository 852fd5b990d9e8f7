import Holidays from 'date-holidays'
import type { CalendarDefinition } from '../../../events/policy.ts'
import type { Closure } from './closure.ts'

type Country = Extract<CalendarDefinition, { kind: 'country' }>

/** A year of a country is computed once: the rules behind it are many. */
const kept = new Map<string, readonly Closure[]>()
const keptAtMost = 256

/** Returns what of a country, state and region the library does not know, each with what it does; empty: it knows them all. */
export function unknownPlaces({
  country,
  state,
  region,
}: Pick<Country, 'country' | 'state' | 'region'>): { field: string; value: string; expected: string }[] {
  const known = new Holidays()
  const one = (all: object) => `one of ${Object.keys(all).join(', ')}`
  const countries = known.getCountries() ?? {}
  if (!Object.hasOwn(countries, country)) {
    return [{ field: 'country', value: country, expected: 'an ISO 3166 country code, as US or DE' }]
  }
  if (state === null) {
    return region === null ? [] : [{ field: 'region', value: region, expected: 'a state beside the region' }]
  }
  const states = known.getStates(country) ?? {}
  if (!Object.hasOwn(states, state)) return [{ field: 'state', value: state, expected: one(states) }]
  const regions = known.getRegions(country, state) ?? {}
  if (region === null || Object.hasOwn(regions, region)) return []
  return [{ field: 'region', value: region, expected: one(regions) }]
}

/**
 * Returns the holidays of a country that begin in a year of its own calendar, by date-holidays. The library is told the year and
 * reads no clock, so the same definition gives the same days on every machine.
 */
export function holidaysOf(definition: Country, year: number): readonly Closure[] {
  const { country, state, region, timezone, types } = definition
  const key = JSON.stringify([country, state, region, timezone, types, year])
  const known = kept.get(key)
  if (known) return known
  const options = { types: [...types], ...(timezone !== null && { timezone }) }
  const holidays =
    state === null
      ? new Holidays(country, options)
      : region === null
        ? new Holidays(country, state, options)
        : new Holidays(country, state, region, options)
  const closings = holidays.getHolidays(year, 'en').map(({ start, end, name }) => ({
    from: start.toISOString(),
    to: end.toISOString(),
    why: name,
  }))
  if (kept.size >= keptAtMost) kept.delete(kept.keys().next().value ?? '')
  kept.set(key, closings)
  return closings
}
