/** Lengths of time, in milliseconds. Days and weeks here are elapsed time, not calendar days. */
export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour
export const week = 7 * day

/** Returns an instant, given in milliseconds since the epoch or as ISO 8601, in the one form in which instants compare as text. */
export function instantOf(time: number | string): string {
  return new Date(time).toISOString()
}

/** Returns the instant so many milliseconds after another (before it, when negative). */
export function after(instant: string, milliseconds: number): string {
  return instantOf(Date.parse(instant) + milliseconds)
}

/** Returns how many milliseconds lie between two instants; negative when `to` is the earlier one. */
export function between(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from)
}

/** Returns the earlier of two instants. */
export function earlier(left: string, right: string): string {
  return left < right ? left : right
}

/** Returns the later of two instants. */
export function later(left: string, right: string): string {
  return left > right ? left : right
}

/** Returns the earliest of some instants, where any may be missing; null when all are. */
export function earliest(...instants: readonly (string | null)[]): string | null {
  return instants.reduce(
    (found, instant) => (found === null || instant === null ? (found ?? instant) : earlier(found, instant)),
    null,
  )
}
