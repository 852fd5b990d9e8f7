import { instantOf, second } from '../../../events/time.ts'
import { Chance } from './chance.ts'
import { type Durations, fewest, inGroups, Sample } from './durations.ts'

/** So often what is left is played. */
export const runs = 200

/** The ends that 10, 50 and 90 of a hundred runs do not exceed: four of five lie between the first and the last. */
const percents = { earliest: 10, likely: 50, latest: 90 } as const

/** When it ends; null: no opening is known in which it would. */
export type Range<Value> = { readonly [percent in keyof typeof percents]: Value | null }

/** What keeps an upgrade, now or later, until a person or another upgrade lets it go on: nobody knows when. `times`: how often. */
export interface Wait {
  readonly code: string
  readonly times: number
}

/** When something ends, and what that is known from. */
export interface Forecast {
  /** As ISO instants; null: nobody knows, as it waits for somebody, or too few durations are known. */
  readonly ends: Range<string> | null
  /** The same in seconds from the instant of the forecast on, the waits for anybody left out; null: too few durations are known. */
  readonly seconds: Range<number> | null
  readonly waitsFor: readonly Wait[]
  /** How many durations are known, and of how many upgrades. */
  readonly basis: { readonly durations: number; readonly upgrades: number }
}

/** What is left of it, played once with each sample: when it is over, for what is known, in milliseconds since the epoch. */
type PlayOnce = (sample: (durations: Durations) => Sample) => number

/** Are too few durations known for a forecast? */
export function tooFew(durations: Durations): boolean {
  return durations.reduce((sum, { length }) => sum + length, 0) < fewest
}

/**
 * Returns the range in which something ends: what is left of it is played so often by chance that follows from a seed, so that the same log gives the same
 * forecast. `known` is all that it may draw from; where any of it is too few, nothing is forecast rather than something invented.
 */
export function forecast(
  {
    now,
    seed,
    known,
    waitsFor,
  }: {
    readonly now: string
    readonly seed: string
    readonly known: readonly Durations[]
    readonly waitsFor: readonly Wait[]
  },
  playOnce: PlayOnce,
): Forecast {
  const basis = {
    durations: known.flat().reduce((sum, { length }) => sum + length, 0),
    upgrades: known.flat().length,
  }
  if (known.length === 0 || known.some(tooFew)) return { ends: null, seconds: null, waitsFor, basis }
  const groups = new Map(known.map((durations) => [durations, inGroups(durations)]))
  const chance = new Chance(seed)
  const ends = Float64Array.from({ length: runs }, () =>
    playOnce((durations) => new Sample(groups.get(durations) ?? [], chance)),
  ).sort()
  const at = (percent: number) => ends[Math.ceil((runs * percent) / 100) - 1] ?? Number.POSITIVE_INFINITY
  const begins = Date.parse(now)
  const secondsTo = (percent: number, round: (seconds: number) => number) => {
    const end = at(percent)
    return Number.isFinite(end) ? Math.max(0, round((end - begins) / second)) : null
  }
  const seconds = {
    earliest: secondsTo(percents.earliest, Math.floor),
    likely: secondsTo(percents.likely, Math.round),
    latest: secondsTo(percents.latest, Math.ceil),
  }
  const instant = (value: number | null) => (value === null ? null : instantOf(begins + value * second))
  return {
    ends:
      waitsFor.length > 0
        ? null
        : {
            earliest: instant(seconds.earliest),
            likely: instant(seconds.likely),
            latest: instant(seconds.latest),
          },
    seconds,
    waitsFor,
    basis,
  }
}
