import { later } from '../../events/time.ts'
import type { Closure } from './policy/closure.ts'

/** A time that is open: `[start, end)`, both ISO instants in UTC. */
export interface Window {
  readonly start: string
  readonly end: string
}

/** Does one time lie inside of another? Null: always. */
export function isInside(inner: Window | null, outer: Window | null): boolean {
  if (outer === null) return true
  return inner !== null && outer.start <= inner.start && inner.end <= outer.end
}

/** Are two times the same? Null: always. */
export function sameTime(left: Window | null, right: Window | null): boolean {
  return left?.start === right?.start && left?.end === right?.end
}

/** Returns the same time with windows that overlap or touch made one. */
export function merge(windows: readonly Window[]): Window[] {
  const result: Window[] = []
  for (const window of windows.toSorted((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = result.at(-1)
    if (last && window.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: later(last.end, window.end) }
    } else if (window.start < window.end) result.push(window)
  }
  return result
}

/** Returns what of the windows lies outside every closure: deny wins. Merged and in order. */
export function minus(windows: readonly Window[], closures: readonly Closure[]): Window[] {
  let open = merge(windows)
  for (const { from, to } of closures) {
    open = open.flatMap(({ start, end }) => {
      if (to <= start || from >= end || from >= to) return [{ start, end }]
      return [
        { start, end: from },
        { start: to, end },
      ].filter((part) => part.start < part.end)
    })
  }
  return open
}
