import Holidays from 'date-holidays'
import type { CalendarDefinition } from '../../../events/policy.ts'
import { instantOf } from '../../../events/time.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { shortName } from './short-name.ts'

type Country = Extract<CalendarDefinition, { kind: 'country' }>
type Place = Pick<Country, 'country' | 'state' | 'region'>

/** The library is a dependency in one exact version: with it the days of a country change. */
const source = { name: 'date-holidays', version: manifest.dependencies['date-holidays'] }

/** A definition has to fit into one event of the log. */
const mostRanges = 400
const yearsAhead = 10

/** Returns what of a country, state and region the library does not know, each with what it does; empty: it knows them all. */
export function unknownPlaces({
  country,
  state,
  region,
}: Place): { field: string; value: string; expected: string }[] {
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
 * Writes the holidays of a country out, from the year before `now` (milliseconds) on for ten whole years after it, or as many as one
 * definition holds. The same definition gives the same days all year long.
 */
export function writeOutHolidays(
  { country, state, region, timezone, types }: Place & Pick<Country, 'timezone' | 'types'>,
  now: number,
): Country {
  const options = { types: [...types], ...(timezone !== null && { timezone }) }
  const holidays =
    state === null
      ? new Holidays(country, options)
      : region === null
        ? new Holidays(country, state, options)
        : new Holidays(country, state, region, options)
  const year = new Date(now).getUTCFullYear()
  const years = Array.from({ length: yearsAhead + 2 }, (_, place) => year - 1 + place)
  const all = years
    .flatMap((each) => holidays.getHolidays(each, 'en'))
    .map(({ start, end, name }) => ({
      start: instantOf(start.getTime()),
      end: instantOf(end.getTime()),
      name: shortName(name),
    }))
    .sort((left, right) => (left.start < right.start ? -1 : left.start > right.start ? 1 : 0))
  const horizon = instantOf(Date.UTC(year + yearsAhead + 1, 0, 1))
  return {
    kind: 'country',
    ...{ country, state, region, timezone, types },
    source,
    ranges: all.slice(0, mostRanges),
    knownUntil: all[mostRanges]?.start ?? horizon,
  }
}
