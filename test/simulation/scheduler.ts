import type { OneShot, WindowSchedules } from '../../functions/work/window-schedules.ts'
import type { SimulatedClock } from './clock.ts'
import { type Faults, passing } from './faults.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Turns } from './turns.ts'

interface Parts {
  readonly clock: SimulatedClock
  readonly random: Random
  readonly faults: Faults
  readonly turns: Turns
  tell(words: string): void
  /** Calls the function of windows; answers whether it went through. */
  fire(input: object): Promise<boolean>
}

/**
 * The one-shot schedules of the service: each fires at least once and is gone when that went through. While things go wrong a firing
 * may come late, twice, long after its schedule was deleted, or never.
 */
export class Scheduler {
  readonly #parts: Parts
  readonly #present = new Map<string, OneShot>()
  readonly #made: OneShot[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The names of all schedules. */
  names(): string[] {
    return [...this.#present.keys()]
  }

  /** All schedules that there ever were, as they were made. */
  all(): readonly OneShot[] {
    return this.#made
  }

  /** Returns the schedules as a process reaches them. */
  through(process: Process): WindowSchedules {
    const { turns, faults } = this.#parts
    const turn = async () => {
      await turns.take(faults.on)
      if (faults.happens(0.01)) throw passing('Scheduler did not answer')
    }
    return {
      list: async (prefix) => {
        await turn()
        return this.names().filter((name) => name.startsWith(prefix))
      },
      create: (schedule) =>
        process.write(async () => {
          await turn()
          if (!this.#present.has(schedule.name)) this.#keep(schedule)
        }),
      remove: (name) =>
        process.write(async () => {
          await turn()
          this.#present.delete(name)
        }),
    }
  }

  #keep(schedule: OneShot): void {
    this.#present.set(schedule.name, schedule)
    this.#made.push(schedule)
    this.#parts.clock.at(Date.parse(schedule.at), () => this.#due(schedule))
  }

  #due(schedule: OneShot): void {
    if (this.#present.get(schedule.name) !== schedule) return
    const { clock, random, faults, tell } = this.#parts
    if (faults.happens(0.15)) {
      tell(`the firing of ${schedule.name} is lost`)
      this.#present.delete(schedule.name)
      return
    }
    const late = faults.happens(0.4) ? random.between(60, 5400) : random.between(0, 5)
    clock.after(late, () => void this.#deliver(schedule))
    if (faults.happens(0.2)) clock.after(random.between(0, 7200), () => void this.#deliver(schedule))
  }

  async #deliver(schedule: OneShot): Promise<void> {
    const { clock, fire } = this.#parts
    const through = await fire(schedule.input)
    if (!through && clock.now() < Date.parse(schedule.at) + schedule.maximumAge * 1000) {
      clock.after(60, () => void this.#deliver(schedule))
      return
    }
    // One of the same name that was made since is another.
    if (this.#present.get(schedule.name) === schedule) this.#present.delete(schedule.name)
  }
}
