/**
 * The one clock of a machine: handlers, state machines, schedules and sample fleets read it.
 * Instants are milliseconds since the epoch in the clock's own time, which runs `speed` times as fast as the wall.
 */
export interface Clock {
  readonly speed: number
  /** The present instant, in milliseconds since the epoch. It never runs backwards, restarts included. */
  now(): number
  /**
   * Calls `action` once when the clock reaches `instant` (at once, but never synchronously, when that is past).
   * Returns a function that cancels it. A pending timer does not keep the process alive. A `routine` one comes every so often
   * whether or not there is anything to do: a clock that is moved passes over it.
   */
  at(instant: number, action: () => void, kind?: 'routine'): () => void
}
