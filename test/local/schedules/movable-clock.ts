import type { Clock } from '../../../infra/local/clock.ts'

/** A clock that stands still until a test moves it. Timers fire in order of their instants while it moves. */
export interface MovableClock extends Clock {
  /** Moves on by some milliseconds, letting what each timer starts run before the next one fires. */
  advance(milliseconds: number): Promise<void>
}

/** Starts a movable clock at an instant, given as ISO text. */
export function movableClock(start = '2026-03-02T10:00:00Z'): MovableClock {
  let present = Date.parse(start)
  const timers = new Set<{ instant: number; action: () => void }>()
  return {
    speed: 1,
    now: () => present,
    at(instant, action) {
      const timer = { instant, action }
      timers.add(timer)
      if (instant <= present) setImmediate(() => timers.delete(timer) && action())
      return () => void timers.delete(timer)
    },
    async advance(milliseconds) {
      const until = present + milliseconds
      for (;;) {
        await settled()
        const next = [...timers].sort((a, b) => a.instant - b.instant)[0]
        if (next === undefined || next.instant > until) break
        timers.delete(next)
        present = Math.max(present, next.instant)
        next.action()
      }
      present = until
      await settled()
    },
  }
}

/** Lets promises and immediates that are already due run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
