/** A time in which nothing opens and nothing is upgraded, and why: a holiday, a freeze. `[from, to)`, as ISO instants. */
export interface Closure {
  readonly from: string
  readonly to: string
  readonly why: string
}
