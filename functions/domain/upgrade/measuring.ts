import { after, earliest, later, second } from '../../../events/time.ts'
import type { Metric, UpgradeEvent } from '../../../events/upgrade.ts'
import { waveRange } from '../plan/waves.ts'
import type { BetweenWaves, InWave, Measured, UpgradeState } from './state.ts'

/** What one look at a metric gave: a number, or why there is none; and what was compared, where it is a comparison. */
export type Reading = { readonly compared?: Compared } & (
  | { readonly value: number; readonly why: null }
  | { readonly value: null; readonly why: string }
)

type Compared = NonNullable<Extract<UpgradeEvent, { type: 'MeasurementTaken' }>['data']['compared']>

/** Nothing was measured yet. */
const unmeasured: Measured = { taken: 0, bad: 0, inconclusive: 0 }

/** Returns what a reading means: within its bounds, outside of them, or nothing. */
export function resultOf(
  { atLeast, atMost }: Pick<Metric, 'atLeast' | 'atMost'>,
  { value }: Reading,
): 'good' | 'bad' | 'inconclusive' {
  if (value === null) return 'inconclusive'
  const within = (atLeast === null || value >= atLeast) && (atMost === null || value <= atMost)
  return within ? 'good' : 'bad'
}

/** What is known of a metric: `null`, as long as it has to be measured on. */
function verdictOf(metric: Metric, measured: Measured): 'passed' | 'failed' | 'inconclusive' | null {
  if (measured.bad > metric.failures) return 'failed'
  if (measured.inconclusive > metric.inconclusive) return 'inconclusive'
  return measured.taken - measured.inconclusive >= metric.count ? 'passed' : null
}

/** Returns the metrics of a wave in their order, with what was measured of each, and what is known of it by now. */
function metricsOf(state: InWave | BetweenWaves) {
  const isLast = waveRange(state.plan.waves, state.plan.members, state.wave.number).to >= state.plan.members
  return (state.request.metrics ?? []).flatMap((metric, place) => {
    // After the last wave there is nobody to compare with.
    if (metric.control && isLast) return []
    const measured = state.wave.measured[place] ?? unmeasured
    return [{ metric, place, measured, verdict: verdictOf(metric, measured) }]
  })
}

/** The verdicts of a wave in the order of its metrics: what has not come to its end is inconclusive. Empty: nothing is measured. */
export function verdictsOn(state: InWave | BetweenWaves): readonly {
  readonly metric: Metric
  readonly measured: Measured
  readonly verdict: 'passed' | 'failed' | 'inconclusive'
}[] {
  return metricsOf(state).map((one) => ({ ...one, verdict: one.verdict ?? 'inconclusive' }))
}

/** Measurements may come so much later than they are due before a wave is judged without them, in seconds. */
const patienceSeconds = 600

/** Returns how long a wave is watched at most, in seconds: until every metric has come to its end, as often as it may come to nothing. */
function measuringSeconds(metrics: readonly Metric[]): number {
  const longest = metrics.map(
    ({ everySeconds, count, inconclusive }) => everySeconds * (count + inconclusive),
  )
  return metrics.length === 0 ? 0 : Math.max(...longest) + patienceSeconds
}

/** Between two waves, the first of which is being watched. */
export type Watched = BetweenWaves & { readonly awaits: Extract<BetweenWaves['awaits'], { kind: 'bake' }> }

/** Is a wave being watched? */
export function isWatched(state: UpgradeState): state is Watched {
  return state.stage === 'between-waves' && !state.abort && state.awaits?.kind === 'bake'
}

/** Has what was measured so far shown that the wave does not pass, or that nobody can tell? */
export function hasFailed(state: Watched): boolean {
  return metricsOf(state).some(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive')
}

/** A metric that is looked at, and not one of which somebody else says what came of it. */
export type LookedAt = Metric & { readonly value: string }

/** Does somebody else say what came of it? */
export function isExternal({ value }: Pick<Metric, 'value'>): boolean {
  return value === null
}

/** A metric that is to be measured again, and when that is due. What somebody else measures is so at any time. */
export interface ComingMeasurement<Of extends Metric = Metric> {
  readonly metric: Of
  readonly place: number
  /** Which look it is, from 1. */
  readonly n: number
  readonly at: string
}

function isLookedAt(coming: ComingMeasurement): coming is ComingMeasurement<LookedAt> {
  return !isExternal(coming.metric)
}

/** Returns the next measurement of each metric of a wave that is watched, where its end is not known yet; none once one of them has not passed. */
export function comingMeasurements(state: Watched): readonly ComingMeasurement[] {
  if (hasFailed(state)) return []
  return metricsOf(state)
    .filter(({ verdict }) => verdict === null)
    .map(({ metric, place, measured: { taken } }) => {
      const wait = isExternal(metric) ? 0 : metric.everySeconds * taken
      return { metric, place, n: taken + 1, at: after(state.awaits.since, wait * second) }
    })
}

/** Returns when a wave that is watched has been watched enough, as far as is known by now. */
export function watchedUntil(state: Watched): string {
  const { since, until, least } = state.awaits
  if (!state.request.metrics) return until
  // What does not pass ends it at once; what has passed lets the rest of its time go by.
  if (hasFailed(state)) return since
  return comingMeasurements(state).length > 0 ? until : least
}

/** Returns the next instant at which somebody has to look at a wave that is watched. */
export function nextLook(state: Watched): string | null {
  const looks = comingMeasurements(state).filter(isLookedAt)
  return earliest(watchedUntil(state), ...looks.map(({ at }) => at))
}

/** Returns the looks that are due. */
export function dueMeasurements(state: UpgradeState, now: string): readonly ComingMeasurement<LookedAt>[] {
  if (!isWatched(state)) return []
  return comingMeasurements(state)
    .filter(isLookedAt)
    .filter(({ at }) => at <= now)
}

/** Returns what was measured so far, with one more. */
export function withMeasurement(
  measured: readonly Measured[],
  place: number,
  result: ReturnType<typeof resultOf>,
): readonly Measured[] {
  const all = Array.from(
    { length: Math.max(measured.length, place + 1) },
    (_, at) => measured[at] ?? unmeasured,
  )
  return all.map((one, at) =>
    at === place
      ? {
          taken: one.taken + 1,
          bad: one.bad + (result === 'bad' ? 1 : 0),
          inconclusive: one.inconclusive + (result === 'inconclusive' ? 1 : 0),
        }
      : one,
  )
}

/** The instant until which a wave is watched at least, where it is measured: its bake; and until when at most. */
export function watchOf(bakeSeconds: number, metrics: readonly Metric[], now: string) {
  const least = after(now, bakeSeconds * second)
  return { least, until: later(least, after(now, measuringSeconds(metrics) * second)) }
}
