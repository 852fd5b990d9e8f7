import type { Clock } from '../../../infra/local/clock.ts'

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  readonly speed = 1
  #now = Date.parse('2026-01-05T00:00:00Z')
  readonly #timers = new Set<{ instant: number; action: () => void }>()

  now(): number {
    return this.#now
  }

  at(instant: number, action: () => void): () => void {
    const timer = { instant, action }
    this.#timers.add(timer)
    if (instant <= this.#now) queueMicrotask(() => this.#fire(timer))
    return () => this.#timers.delete(timer)
  }

  /** Moves the clock on, running what falls due in its order. */
  advance(seconds: number): void {
    const end = this.#now + seconds * 1000
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.instant)
      this.#fire(next)
    }
    this.#now = end
  }

  /** The next instant at which something is to happen. */
  nextInstant(): number | undefined {
    return this.#next(Number.POSITIVE_INFINITY)?.instant
  }

  #next(end: number): { instant: number; action: () => void } | undefined {
    return [...this.#timers].filter(({ instant }) => instant <= end).sort((a, b) => a.instant - b.instant)[0]
  }

  #fire(timer: { instant: number; action: () => void }): void {
    if (this.#timers.delete(timer)) timer.action()
  }
}
