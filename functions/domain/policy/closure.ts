/** A time in which nothing opens and nothing is upgraded, and why: a holiday, a freeze. `[from, to)`, as ISO instants. */
export interface Closure {
  readonly from: string
  readonly to: string
  readonly why: string
}

/** Returns the closure that an instant lies in. */
export function closureAt(closures: readonly Closure[], at: string): Closure | undefined {
  return closures.find(({ from, to }) => from <= at && at < to)
}
