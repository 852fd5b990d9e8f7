import type { Catcher, Recovery, Retrier, State } from './definition.ts'
import { type Failure, matchesError } from './errors.ts'

/** What Retry and Catch make of a failure. */
export type Remedy =
  | { readonly do: 'retry'; readonly retries: readonly number[]; readonly delay: number }
  | { readonly do: 'catch'; readonly catcher: Catcher }
  | { readonly do: 'give up' }

/**
 * The remedy of a state for a failure: the first retrier that names it and has attempts left, else the first
 * catcher that names it. Each retrier counts its own attempts; `retries` are the counts so far.
 * @param random a number in [0, 1), for full jitter
 */
export function remedyFor(
  state: State,
  failure: Failure,
  retries: readonly number[],
  random: () => number,
): Remedy {
  const { Retry = [], Catch = [] }: Recovery = 'Retry' in state || 'Catch' in state ? state : {}
  const index = Retry.findIndex((retrier) => matchesError(retrier.ErrorEquals, failure.error))
  const retrier = Retry[index]
  const made = retries[index] ?? 0
  if (retrier !== undefined && made < (retrier.MaxAttempts ?? 3)) {
    const counts = Retry.map((_, position) => (retries[position] ?? 0) + (position === index ? 1 : 0))
    return { do: 'retry', retries: counts, delay: delayBefore(retrier, made, random) }
  }
  const catcher = Catch.find(({ ErrorEquals }) => matchesError(ErrorEquals, failure.error))
  return catcher === undefined ? { do: 'give up' } : { do: 'catch', catcher }
}

/** Milliseconds to wait before a retry, after `made` earlier ones. */
function delayBefore(retrier: Retrier, made: number, random: () => number): number {
  const grown = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** made
  const seconds = Math.min(grown, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY)
  return Math.round((retrier.JitterStrategy === 'FULL' ? random() : 1) * seconds * 1000)
}
