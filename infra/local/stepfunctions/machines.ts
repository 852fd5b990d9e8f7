import type { Machine } from './definition.ts'
import type { Store } from './store/store.ts'
import { validateMachine } from './validate.ts'

/** The definitions in use: an execution keeps the one it started with, whatever its machine has now. */
export class Machines {
  readonly #store: Store
  readonly #parsed = new Map<number, Machine>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The machine of a stored definition, parsed once. */
  get(definition: number): Machine {
    const known = this.#parsed.get(definition)
    if (known !== undefined) return known
    const { machine: name, text } = this.#store.machines.definition(definition)
    const machine = validateMachine(name, JSON.parse(text))
    this.#parsed.set(definition, machine)
    return machine
  }
}
