import type { Clock } from '../clock.ts'
import { type Announcer, statusChange } from './announcer.ts'
import type { Consequences } from './consequences.ts'
import type { Failure } from './errors.ts'
import type { FanOut } from './fan-out.ts'
import { append, events, HistoryFull } from './history.ts'
import { branchKey, type Moves } from './moves.ts'
import type { Branch } from './store/branches.ts'
import type { ExecutionStatus } from './store/executions.ts'
import type { Store } from './store/store.ts'
import type { Timers } from './timers.ts'
import type { Outcome } from './visit.ts'

type Exit = Extract<Outcome, { do: 'exit' }>

const ENDED = { FAILED: 'Failed', ABORTED: 'Aborted', TIMED_OUT: 'TimedOut' } as const

/**
 * How executions move. `commit` and `atomically` make one SQLite transaction of what they are given, and only
 * after it is stored do the branches it touched go on; every other method is to be called inside one of the two.
 */
export class Transitions {
  readonly #store: Store
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #announcer: Announcer
  readonly #consequences: Consequences
  readonly #moves: Moves
  readonly #fanOut: FanOut

  constructor(parts: {
    store: Store
    clock: Clock
    timers: Timers
    announcer: Announcer
    consequences: Consequences
    moves: Moves
    fanOut: FanOut
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#timers = parts.timers
    this.#announcer = parts.announcer
    this.#consequences = parts.consequences
    this.#moves = parts.moves
    this.#fanOut = parts.fanOut
  }

  /**
   * Changes a branch, unless it has moved since it was read: then whatever was computed for it is void.
   * Returns whether the change was made.
   */
  commit(branch: Branch, change: (present: Branch) => void): boolean {
    return this.atomically(branch.execution, () => {
      const present = this.#store.branches.find(branch.id)
      if (present === undefined || present.revision !== branch.revision) return false
      change(present)
      return true
    })
  }

  /** Runs a change of an execution as one transaction; when it overflows the history, the execution fails instead. */
  atomically(execution: number, change: () => boolean): boolean {
    try {
      return this.#transaction(change)
    } catch (error) {
      if (!(error instanceof HistoryFull)) throw error
      return this.#transaction(() => {
        this.end(execution, 'FAILED', null, error.failure)
        return true
      })
    }
  }

  /** Leaves a state for the next one, or ends the branch. */
  exit(branch: Branch, outcome: Exit): void {
    const { Type } = this.#moves.state(branch)
    const event = events.stateExited(Type, branch.state, outcome.output, outcome.assigned)
    const variables = JSON.stringify({ ...JSON.parse(branch.variables), ...outcome.assigned })
    const left = { ...branch, variables, lastEvent: this.#moves.write(branch, event) }
    if (outcome.next !== undefined) this.#moves.enter(left, outcome.next, outcome.output)
    else if (branch.parent !== null) this.#fanOut.join(left, branch.parent, outcome.output)
    else this.end(branch.execution, 'SUCCEEDED', outcome.output, {}, left.lastEvent)
  }

  /** A branch whose state failed for good takes the state around it down with it. */
  giveUp(branch: Branch, failure: Failure): void {
    const failed = { ...branch, lastEvent: this.#fanOut.failed(branch) }
    const parent = branch.parent === null ? undefined : this.#store.branches.find(branch.parent)
    if (parent !== undefined) this.#fanOut.collapse(parent, failed, failure)
    else this.end(branch.execution, 'FAILED', null, failure, failed.lastEvent)
  }

  /** Ends an execution, and says so on the bus. */
  end(
    id: number,
    status: Exclude<ExecutionStatus, 'RUNNING'>,
    output: string | null,
    failure: Failure,
    previous?: number,
  ): void {
    const now = this.#clock.now()
    const event =
      status === 'SUCCEEDED'
        ? events.executionSucceeded(output ?? 'null')
        : events.executionEnded(ENDED[status], failure)
    append(this.#store, id, previous ?? this.#store.history.lastId(id), now, event)
    this.#store.executions.end(id, { status, stopped: now, output }, failure)
    this.#consequences.cancel(executionKey(id))
    for (const branch of this.#store.branches.removeAll(id)) this.#consequences.cancel(branchKey(branch))
    this.announce(id)
  }

  /** Times an execution out at its deadline. */
  keepDeadline(id: number, deadline: number): void {
    this.#timers.set(executionKey(id), deadline, () => {
      this.atomically(id, () => {
        if (this.#store.executions.find(id)?.status !== 'RUNNING') return false
        this.end(id, 'TIMED_OUT', null, { error: 'States.Timeout' })
        return true
      })
    })
  }

  /** Puts the event of an execution's present status in the outbox. */
  announce(id: number): void {
    const execution = this.#store.executions.find(id)
    if (execution !== undefined) this.#store.outbox.add(statusChange(execution))
  }

  #transaction(change: () => boolean): boolean {
    this.#consequences.drop()
    const changed = this.#store.transaction(change)
    this.#consequences.happen()
    this.#announcer.notify()
    return changed
  }
}

/** The key of the timer that ends an execution at its deadline. */
function executionKey(execution: number): string {
  return `execution:${execution}`
}
