import type { Clock } from '../clock.ts'

/** At most one pending timer a key. What they stand for is stored: after a restart they are set again from there. */
export class Timers {
  readonly #clock: Clock
  readonly #cancels = new Map<string, () => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sets the timer of a key, in place of the one it had. */
  set(key: string, instant: number, action: () => void): void {
    this.cancel(key)
    this.#cancels.set(
      key,
      this.#clock.at(instant, () => {
        this.#cancels.delete(key)
        action()
      }),
    )
  }

  cancel(key: string): void {
    this.#cancels.get(key)?.()
    this.#cancels.delete(key)
  }

  cancelAll(): void {
    for (const key of [...this.#cancels.keys()]) this.cancel(key)
  }
}
