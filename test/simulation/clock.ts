import type { Clock } from '../../infra/local/clock.ts'

interface Timer {
  readonly instant: number
  readonly order: number
  readonly action: () => void
}

/** A clock that jumps from one thing that is due to the next. */
export class SimulatedClock implements Clock {
  readonly speed = 1
  #now = Date.parse('2026-03-02T08:00:00Z')
  #order = 0
  readonly #timers: Timer[] = []

  now(): number {
    return this.#now
  }

  at(instant: number, action: () => void): () => void {
    const timer = { instant: Math.max(Math.ceil(instant), this.#now), order: this.#order++, action }
    this.#timers.splice(this.#placeOf(timer), 0, timer)
    return () => {
      const place = this.#timers.indexOf(timer)
      if (place >= 0) this.#timers.splice(place, 1)
    }
  }

  /** Calls `action` after so many seconds. */
  after(seconds: number, action: () => void): void {
    this.at(this.#now + seconds * 1000, action)
  }

  /** Moves to what is due next and does it; false when nothing is. */
  proceed(): boolean {
    const next = this.#timers.pop()
    if (!next) return false
    this.#now = next.instant
    next.action()
    return true
  }

  /** The timers lie with the next one last. */
  #placeOf({ instant, order }: Timer): number {
    let [low, high] = [0, this.#timers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#timers[middle]
      const later = other && (other.instant > instant || (other.instant === instant && other.order > order))
      if (later) low = middle + 1
      else high = middle
    }
    return low
  }
}
