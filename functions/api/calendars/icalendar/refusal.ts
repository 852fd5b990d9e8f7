/** Why a text is not taken as a calendar, in words for whoever sent it: where, what is wrong, and what would be right. */
export class NotACalendar extends Error {
  override readonly name = 'NotACalendar'
}

/** How much a file may cost to read. Whoever works on it spends; what is spent in vain counts too. */
export class Work {
  #left: number

  constructor(most: number) {
    this.#left = most
  }

  /** Throws NotACalendar when the file costs more than any that a person would write. */
  spend(amount: number): void {
    this.#left -= amount
    if (this.#left < 0) {
      throw new NotACalendar(
        'its events recur more than can be written out: say them with fewer or longer ones',
      )
    }
  }
}
