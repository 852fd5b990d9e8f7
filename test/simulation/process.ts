/** What a process that died answers. */
export const died = Symbol('died')

/**
 * One life of a consumer or a function. It dies before or after one of its writes, and then nothing of it goes on: whatever it waits
 * for never comes.
 */
export class Process {
  #pointsLeft: number
  #die: (value: typeof died) => void = () => {}
  readonly #death: Promise<typeof died>

  /** `points`: how many beginnings and ends of writes it lives to see. */
  constructor(points = Number.POSITIVE_INFINITY) {
    this.#pointsLeft = points
    this.#death = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  /** Does a write, unless the process dies before it, or before it hears of it. */
  async write<Result>(act: () => Promise<Result>): Promise<Result> {
    await this.#point()
    const result = await act()
    await this.#point()
    return result
  }

  /** Returns what the work returned, or that the process died. */
  live<Result>(work: () => Promise<Result>): Promise<Result | typeof died> {
    return Promise.race([work(), this.#death])
  }

  async #point(): Promise<void> {
    if (this.#pointsLeft-- > 0) return
    this.#die(died)
    await new Promise(() => {})
  }
}
