import type { Clock } from './clock.ts'

/** What another thread needs to see the time of a clock: how it runs, and memory that they share. */
export interface ClockSight {
  readonly speed: number
  readonly wallOrigin: number
  /** False when it shows the wall's time. */
  readonly differs: boolean
  /** Two integers in milliseconds: where the clock was at the origin of the wall, and the latest instant that it has shown. */
  readonly shared: SharedArrayBuffer
}

// The global Date of this thread may show the clock itself (date.ts).
const WallDate = globalThis.Date

/** Returns the clock that another thread sees. It has no timers. */
export function clockSeen({ speed, wallOrigin, shared }: ClockSight): Clock {
  const instants = new BigInt64Array(shared)
  return {
    speed,
    now() {
      const origin = Number(Atomics.load(instants, 0))
      const latest = Number(Atomics.load(instants, 1))
      return Math.max(latest, Math.floor(origin + (WallDate.now() - wallOrigin) * speed))
    },
    at() {
      throw new Error('Only the thread of a clock keeps its timers.')
    },
  }
}
