import { instantOf, second } from '../../../events/time.ts'
import { Chance } from './chance.ts'
import { type Left, play } from './course.ts'
import { type Durations, fewest, Known, type Sample } from './durations.ts'
import type { Hours } from './hours.ts'

/** So often what is left is played. */
const runs = 200

/** The ends that 10, 50 and 90 of a hundred runs do not exceed: four of five lie between the first and the last. */
const percents = { earliest: 10, likely: 50, latest: 90 } as const

type Range<Value> = { readonly [percent in keyof typeof percents]: Value }

/** What keeps an upgrade, now or later, until a person or another upgrade lets it go on: nobody knows when. `times`: how often. */
export interface Wait {
  readonly code: string
  readonly times: number
}

/** What is left of an upgrade, from when on, and whom it waits for. */
export interface Rest {
  /** Null: more than is played. */
  readonly left: Left | null
  /** Nobody begins before, as an ISO instant. */
  readonly notBefore: string
  readonly waitsFor: readonly Wait[]
}

/** What a forecast of one upgrade is made from. */
export interface Prospects {
  readonly rest: Rest
  /** When attempts may begin. */
  readonly hours: Hours
  readonly durations: Durations
}

/** One upgrade, of those that are forecast together. */
export interface Part {
  /** Those that have to be over before, by their places. */
  readonly dependsOn: readonly number[]
  /** So long those that depend on it wait after its end. */
  readonly pauseSeconds: number
  /** When it ended, as an ISO instant; null: it has not. */
  readonly endedAt: string | null
  /** Null: there is nothing to do in it. */
  readonly prospects: Prospects | null
}

/** When something ends, and what that is known from. */
export interface Forecast {
  /** As ISO instants; null: nobody knows, as it waits for somebody, or too few durations are known. */
  readonly ends: Range<string> | null
  /**
   * The same in seconds from the instant of the forecast on, the waits for anybody left out, each null where no opening is known in which it would end;
   * null: too few durations are known.
   */
  readonly seconds: Range<number | null> | null
  readonly waitsFor: readonly Wait[]
  /** How many durations are known, and of how many upgrades. */
  readonly basis: { readonly durations: number; readonly upgrades: number }
}

/** Returns waits with those of one code together. A stop is one, however many it holds. */
export function together(waits: readonly Wait[]): Wait[] {
  const byCode = Map.groupBy(waits, ({ code }) => code)
  return [...byCode].map(([code, all]) => {
    const times = all.reduce((sum, one) => sum + one.times, 0)
    return { code, times: code === 'FREEZE' ? 1 : times }
  })
}

/**
 * Returns the range in which the last of some parts ends: what is left of them is played so often by chance that follows from a seed, so that the same log
 * gives the same forecast. Where too few durations are known for any of them nothing is forecast, rather than something invented.
 */
export function forecastOf({
  now,
  seed,
  parts,
  waitsFor = [],
}: {
  /** As an ISO instant. */
  readonly now: string
  readonly seed: string
  readonly parts: readonly Part[]
  /** Whom all of it waits for, beside its parts. */
  readonly waitsFor?: readonly Wait[]
}): Forecast {
  const left = parts.flatMap(({ prospects }) => prospects ?? [])
  const known = new Set(left.map(({ durations }) => durations))
  const all = [...known].flatMap(({ took }) => took)
  const basis = { durations: all.flat().length, upgrades: all.length }
  const waits = together([...waitsFor, ...left.flatMap(({ rest }) => rest.waitsFor)])
  const tooFew = ({ took }: Durations) => took.flat().length < fewest
  if ([...known].some(tooFew) || left.some(({ rest }) => rest.left === null))
    return { ends: null, seconds: null, waitsFor: waits, basis }

  const sources = [...known].map((durations) => [durations, new Known(durations)] as const)
  const chance = new Chance(seed)
  const begins = Date.parse(now)
  const ends = Float64Array.from({ length: runs }, () => {
    const samples = new Map(sources.map(([durations, source]) => [durations, source.draw(chance)]))
    return lastEnd(parts, samples, begins)
  }).sort()
  const seconds = rangeOf((percent, round) => {
    const end = ends[Math.ceil((runs * percent) / 100) - 1] ?? Number.POSITIVE_INFINITY
    return Number.isFinite(end) ? Math.max(0, round((end - begins) / second)) : null
  })
  const { earliest, likely, latest } = seconds
  // Without an opening that is known somebody has to give it one.
  if (earliest === null || likely === null || latest === null) {
    return { ends: null, seconds, waitsFor: together([...waits, { code: 'WINDOW_CLOSED', times: 1 }]), basis }
  }
  if (waits.length > 0) return { ends: null, seconds, waitsFor: waits, basis }
  const instant = (value: number) => instantOf(begins + value * second)
  const instants = { earliest: instant(earliest), likely: instant(likely), latest: instant(latest) }
  return { ends: instants, seconds, waitsFor: waits, basis }
}

function rangeOf<Value>(of: (percent: number, round: (seconds: number) => number) => Value): Range<Value> {
  return {
    earliest: of(percents.earliest, Math.floor),
    likely: of(percents.likely, Math.round),
    latest: of(percents.latest, Math.ceil),
  }
}

/** Plays all parts once, each after those that it depends on; returns when the last is over, in milliseconds since the epoch. */
function lastEnd(parts: readonly Part[], samples: ReadonlyMap<Durations, Sample>, now: number): number {
  const ends: number[] = []
  const endOf = (place: number): number => {
    const known = ends[place]
    if (known !== undefined) return known
    const { dependsOn = [], endedAt = null, prospects = null } = parts[place] ?? {}
    const begins = Math.max(
      now,
      ...dependsOn.map((other) => endOf(other) + (parts[other]?.pauseSeconds ?? 0) * second),
    )
    const end = endedAt === null ? endOfRest(prospects, samples, begins) : Date.parse(endedAt)
    ends[place] = end
    return end
  }
  return Math.max(now, ...parts.map((_, place) => endOf(place)))
}

function endOfRest(
  prospects: Prospects | null,
  samples: ReadonlyMap<Durations, Sample>,
  begins: number,
): number {
  const { rest, hours, durations } = prospects ?? {}
  const sample = durations && samples.get(durations)
  if (!rest?.left || !hours || !sample) return begins
  return play(rest.left, hours, sample, Math.max(begins, Date.parse(rest.notBefore)))
}
