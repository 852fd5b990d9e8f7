import type { Clock } from '../clock.ts'
import type { Consequences } from './consequences.ts'
import { type BlockPath, blockAt, type State } from './definition.ts'
import { append, events, type HistoryEvent } from './history.ts'
import type { Machines } from './machines.ts'
import type { Branch, NewBranch } from './store/branches.ts'
import type { Store } from './store/store.ts'

/** How one branch moves. All but `state` is to be called inside a transaction. */
export class Moves {
  readonly #store: Store
  readonly #clock: Clock
  readonly #machines: Machines
  readonly #consequences: Consequences

  constructor(parts: { store: Store; clock: Clock; machines: Machines; consequences: Consequences }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#machines = parts.machines
    this.#consequences = parts.consequences
  }

  /** The state in which a branch stands. */
  state(branch: Pick<Branch, 'execution' | 'path' | 'state'>): State {
    const execution = this.#store.executions.find(branch.execution)
    if (execution === undefined) throw new Error(`there is no execution ${branch.execution}`)
    const path: BlockPath = JSON.parse(branch.path)
    const state = blockAt(this.#machines.get(execution.definition), path).States[branch.state]
    if (state === undefined) throw new Error(`the definition has no state '${branch.state}'`)
    return state
  }

  /** Begins the block of a new branch with its first state. */
  begin(branch: NewBranch): void {
    this.#consequences.advance(this.#store.branches.add(this.#entered(branch, branch.state, branch.input)))
  }

  /** Stores a branch's changes as its next revision and lets it go on. */
  move(branch: Branch, changes: Partial<Branch>): void {
    this.#store.branches.move(branch, changes)
    this.#consequences.advance(branch.id)
  }

  /** Moves a branch to the beginning of a state. */
  enter(branch: Branch, state: string, input: string): void {
    this.move(branch, this.#entered(branch, state, input))
  }

  /** Moves a branch after writing events of its own to the history. */
  record(branch: Branch, written: readonly HistoryEvent[], changes: Partial<Branch>): void {
    this.move(branch, { ...changes, lastEvent: this.write(branch, ...written) })
  }

  /** Writes an event and changes a branch without voiding what is under way for it. */
  note(branch: Branch, event: HistoryEvent, changes: Partial<Branch>): void {
    this.#store.branches.keep({ ...branch, ...changes, lastEvent: this.write(branch, event) })
  }

  /** Writes events of a branch to the history; gives its last event. */
  write(branch: NewBranch, ...written: readonly HistoryEvent[]): number {
    const now = this.#clock.now()
    return written.reduce(
      (lastEvent, event) => append(this.#store, branch.execution, lastEvent, now, event),
      branch.lastEvent,
    )
  }

  /** Ends a branch of others with its output; it stays until they have ended too. */
  end(branch: Branch, output: string): void {
    this.#store.branches.move(branch, { status: 'ended', input: output, variables: '{}', wake: null })
    this.#consequences.cancel(branchKey(branch.id))
  }

  /** Removes a branch with whatever it waits for. */
  remove(id: number): void {
    this.#store.branches.remove(id)
    this.#consequences.cancel(branchKey(id))
  }

  #entered<Kind extends NewBranch>(branch: Kind, name: string, input: string): Kind {
    const state = this.state({ ...branch, state: name })
    const enteredEvent = this.write(branch, events.stateEntered(state.Type, name, input))
    return {
      ...branch,
      state: name,
      input,
      enteredEvent,
      status: 'entered',
      progress: {},
      retries: [],
      enteredAt: this.#clock.now(),
      lastEvent: enteredEvent,
      wake: null,
    }
  }
}

/** The key of a branch's timer. */
export function branchKey(branch: number): string {
  return `branch:${branch}`
}
