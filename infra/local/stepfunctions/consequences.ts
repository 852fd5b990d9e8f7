import type { Timers } from './timers.ts'

/** What is to happen once a transaction is stored, and not when it is not: timers are cancelled and branches go on. */
export class Consequences {
  readonly #timers: Timers
  readonly #advance: (branch: number) => void
  readonly #cancelled: string[] = []
  readonly #advanced = new Set<number>()

  /** @param advance makes a branch go on, later */
  constructor(timers: Timers, advance: (branch: number) => void) {
    this.#timers = timers
    this.#advance = advance
  }

  /** Notes that the timer of a key has nothing to wait for any more. */
  cancel(key: string): void {
    this.#cancelled.push(key)
  }

  /** Notes that a branch has something to do. */
  advance(branch: number): void {
    this.#advanced.add(branch)
  }

  /** Drops what was noted: it was not stored. */
  drop(): void {
    this.#cancelled.length = 0
    this.#advanced.clear()
  }

  /** Lets happen what was noted. */
  happen(): void {
    const [cancelled, advanced] = [[...this.#cancelled], [...this.#advanced]]
    this.drop()
    for (const key of cancelled) this.#timers.cancel(key)
    for (const branch of advanced) this.#advance(branch)
  }
}
