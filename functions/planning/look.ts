import type { TargetRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'

/** What goes through all targets, by id. */
export type Fleet = Pick<Views, 'everyTarget'>

/** A fleet that is read once, whoever goes through it after the first who came to its end: it is kept, so nobody reads one so that has no bound. */
export class FleetReadOnce implements Fleet {
  readonly #views: Fleet
  #kept: readonly TargetRow[] | undefined

  constructor(views: Fleet) {
    this.#views = views
  }

  async *everyTarget(): AsyncGenerator<TargetRow> {
    if (this.#kept) {
      yield* this.#kept
      return
    }
    const read: TargetRow[] = []
    for await (const row of this.#views.everyTarget()) {
      read.push(row)
      yield row
    }
    this.#kept = read
  }
}

/**
 * A look through the targets for one request. Whoever is waited for looks at so many only: a fleet of a million takes minutes, and each of them thousands
 * of read units.
 */
export class Look {
  readonly #views: Fleet
  readonly #component: string
  readonly #atMost: number
  #fleet: number | undefined
  #cutShort = false

  constructor(views: Fleet, component: string, atMost: number) {
    this.#views = views
    this.#component = component
    this.#atMost = atMost
  }

  /** Were there more targets than may be looked at? Then nothing that was found is the whole truth. */
  get isCutShort(): boolean {
    return this.#cutShort
  }

  /** Yields every target, by id, as long as they are not too many. */
  async *targets(): AsyncGenerator<TargetRow> {
    let [looked, fleet] = [0, 0]
    for await (const row of this.#views.everyTarget()) {
      if (looked++ === this.#atMost) {
        this.#cutShort = true
        return
      }
      if (row.retired === null && row.components[this.#component] !== undefined) fleet++
      yield row
    }
    this.#fleet = fleet
  }

  /** Returns how many targets run the component, from the look that was taken, or else from one that is taken now; undefined: they were too many. */
  async fleet(): Promise<number | undefined> {
    // Looking is what counts them.
    if (this.#fleet === undefined && !this.#cutShort) for await (const _ of this.targets());
    return this.#fleet
  }
}
