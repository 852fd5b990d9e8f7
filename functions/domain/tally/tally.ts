import { type Measured, noTimes, type RegionTally, type Tally } from '../../../events/tally.ts'
import type { AttemptOutcome } from '../../../events/target.ts'
import { meaningOf } from '../target/outcome.ts'
import { sumOfTimes, withTime } from './times.ts'

/** So many regions of one upgrade are told apart in one tally; all others count as having none. */
const regionsAtMost = 16
/** So many codes of failures a region keeps apart, the last of them for all others. */
const codesAtMost = 8
/** So many steps are timed, the first that ended: a procedure with more of them is timed in part. */
const stepsAtMost = 32

/** The one code of all others, and of failures that came without. */
const otherCodes = 'OTHER'

/** One attempt that has ended. */
export interface TalliedAttempt {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly measured: Measured
}

/** Nothing was counted. */
export const noTally: Tally = { regions: [], steps: [] }

/** Returns the tally of a region in which nothing was counted. */
function noRegion(region: string | null): RegionTally {
  return {
    region,
    ...{ succeeded: 0, failed: 0, unreachable: 0, rolledBack: 0, failures: [] },
    ...{ acceptance: noTimes, work: noTimes },
  }
}

/** Returns the tally of one attempt; nothing, where it counts as none. */
function tallyOfOne({ outcome, code, measured }: TalliedAttempt): Tally {
  const { counts } = meaningOf(outcome)
  if (counts === 'skipped') return noTally
  const { region, acceptance, work, steps = {} } = measured
  const timed = (milliseconds: number | null) =>
    milliseconds === null || counts !== 'succeeded' ? noTimes : withTime(noTimes, milliseconds)
  const one: RegionTally = {
    ...noRegion(region),
    [counts]: 1,
    rolledBack: outcome === 'rolled_back' ? 1 : 0,
    failures: counts === 'succeeded' ? [] : [{ code: code ?? otherCodes, count: 1 }],
    acceptance: timed(acceptance),
    work: timed(work),
  }
  const stepTimes = counts === 'succeeded' ? Object.entries(steps) : []
  return {
    regions: [one],
    steps: stepTimes.map(([step, milliseconds]) => ({ step, ...withTime(noTimes, milliseconds) })),
  }
}

/** Returns how attempts ended, counted. Those that were passed over, given back or cancelled count as none. */
export function tallyOf(attempts: Iterable<TalliedAttempt>): Tally {
  return sumOfTallies(Array.from(attempts, tallyOfOne))
}

/** Returns tallies together, with no more told apart than one may hold. */
export function sumOfTallies(tallies: readonly Tally[]): Tally {
  const regions = foldSmallest(
    grouped(
      tallies.flatMap((one) => one.regions),
      ({ region }) => region ?? '',
      sumOfRegions,
    ),
  )
  const steps = grouped(
    tallies.flatMap((one) => one.steps),
    ({ step }) => step,
    (all, step) => ({ step, ...sumOfTimes(all) }),
  )
  return { regions, steps: steps.slice(0, stepsAtMost) }
}

/** Returns what was counted in several regions as if it were one, which bears this name. */
export function sumOfRegions(
  all: readonly RegionTally[],
  name: string,
  codes: number = codesAtMost,
): RegionTally {
  const sum = (of: (one: RegionTally) => number) => all.reduce((sum, one) => sum + of(one), 0)
  return {
    region: name === '' ? null : name,
    succeeded: sum(({ succeeded }) => succeeded),
    failed: sum(({ failed }) => failed),
    unreachable: sum(({ unreachable }) => unreachable),
    rolledBack: sum(({ rolledBack }) => rolledBack),
    failures: commonest(
      all.flatMap(({ failures }) => failures),
      codes,
    ),
    acceptance: sumOfTimes(all.map(({ acceptance }) => acceptance)),
    work: sumOfTimes(all.map(({ work }) => work)),
  }
}

function grouped<One, Sum>(
  all: readonly One[],
  keyOf: (one: One) => string,
  sum: (some: readonly One[], key: string) => Sum,
): Sum[] {
  return [...Map.groupBy(all, keyOf)].map(([key, some]) => sum(some, key))
}

/** The largest regions stay apart; all others count as having none. */
function foldSmallest(regions: readonly RegionTally[]): RegionTally[] {
  if (regions.length <= regionsAtMost) return [...regions]
  const attempts = ({ succeeded, failed, unreachable }: RegionTally) => succeeded + failed + unreachable
  const named = regions.filter(({ region }) => region !== null)
  const ranked = named.toSorted((left, right) => attempts(right) - attempts(left))
  const kept = ranked.slice(0, regionsAtMost - 1)
  const rest = regions.filter((one) => !kept.includes(one))
  return [...kept, sumOfRegions(rest, '')]
}

/** Returns how often each code failed, the commonest first, and of equally common ones the first by name. */
function commonest(failures: RegionTally['failures'], atMost: number): RegionTally['failures'] {
  const counts = grouped(
    failures,
    ({ code }) => code,
    (some, code) => ({ code, count: some.reduce((sum, { count }) => sum + count, 0) }),
  )
  const ranked = counts.sort((left, right) => right.count - left.count || (left.code < right.code ? -1 : 1))
  if (ranked.length <= atMost) return ranked
  const named = ranked.filter(({ code }) => code !== otherCodes).slice(0, atMost - 1)
  const rest = ranked.filter((one) => !named.includes(one))
  return [...named, { code: otherCodes, count: rest.reduce((sum, { count }) => sum + count, 0) }]
}
