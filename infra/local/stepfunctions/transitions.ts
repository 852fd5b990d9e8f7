import type { Clock } from '../clock.ts'
import { type Announcer, statusChange } from './announcer.ts'
import { type BlockPath, blockAt, type State } from './definition.ts'
import { type Failure, StateFailed } from './errors.ts'
import { append, events, type HistoryEvent, HistoryFull } from './history.ts'
import { payloadText } from './limits.ts'
import type { Machines } from './machines.ts'
import type { Outcome } from './step.ts'
import type { Branch, NewBranch } from './store/branches.ts'
import type { ExecutionStatus } from './store/executions.ts'
import type { Store } from './store/store.ts'
import type { Timers } from './timers.ts'

type Exit = Extract<Outcome, { do: 'exit' }>
type Forking = Extract<Outcome, { do: 'fork' }>

const ENDED = { FAILED: 'Failed', ABORTED: 'Aborted', TIMED_OUT: 'TimedOut' } as const

/**
 * How executions move. `commit` and `atomically` make one SQLite transaction of what they are given, and only
 * after it is stored do the branches it touched go on; every other method is to be called inside one of the two.
 */
export class Transitions {
  readonly #store: Store
  readonly #clock: Clock
  readonly #machines: Machines
  readonly #timers: Timers
  readonly #announcer: Announcer
  readonly #advance: (branch: number) => void
  #touched = new Set<number>()
  #gone: string[] = []

  constructor(parts: {
    store: Store
    clock: Clock
    machines: Machines
    timers: Timers
    announcer: Announcer
    /** Makes a branch go on, later. */
    advance: (branch: number) => void
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#machines = parts.machines
    this.#timers = parts.timers
    this.#announcer = parts.announcer
    this.#advance = parts.advance
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

  /** Begins the block of a new branch with its first state. */
  begin(branch: NewBranch): void {
    this.#touched.add(this.#store.branches.add(this.#entered(branch, branch.state, branch.input)))
  }

  /** Leaves a state for the next one, or ends the branch. */
  exit(branch: Branch, outcome: Exit): void {
    const state = this.state(branch)
    const event = events.stateExited(state.Type, branch.state, outcome.output, outcome.assigned)
    const variables = JSON.stringify({ ...JSON.parse(branch.variables), ...outcome.assigned })
    const left = { ...branch, variables, lastEvent: this.#append(branch, event) }
    if (outcome.next !== undefined) this.move(branch, this.#entered(left, outcome.next, outcome.output))
    else if (branch.parent !== null) this.#join(left, branch.parent, outcome.output)
    else this.end(branch.execution, 'SUCCEEDED', outcome.output, {}, left.lastEvent)
  }

  /** Stores a branch's changes as its next revision and lets it go on. */
  move(branch: Branch, changes: Partial<Branch>): void {
    this.#store.branches.move(branch, changes)
    this.#touched.add(branch.id)
  }

  /** Moves a branch after writing events of its own to the history. */
  record(branch: Branch, written: readonly HistoryEvent[], changes: Partial<Branch>): void {
    this.move(branch, { ...changes, lastEvent: this.write(branch, written) })
  }

  /** Writes events of a branch to the history; gives its last event. */
  write(branch: Branch, written: readonly HistoryEvent[]): number {
    return written.reduce(
      (lastEvent, event) => this.#append({ ...branch, lastEvent }, event),
      branch.lastEvent,
    )
  }

  /** Writes an event and changes a branch without voiding what is under way for it. */
  note(branch: Branch, event: HistoryEvent, changes: Partial<Branch>): void {
    this.#store.branches.keep({ ...branch, ...changes, lastEvent: this.#append(branch, event) })
  }

  /** Fans out: every branch of a Parallel, or every iteration of a Map, at once. */
  fork(branch: Branch, outcome: Forking): void {
    const started = this.#append(branch, outcome.started)
    const forked = { ...branch, lastEvent: started }
    if (outcome.forks.length === 0) {
      this.#gathered(forked, [])
      return
    }
    this.#store.branches.move(forked, {
      phase: 'forked',
      progress: { remaining: outcome.forks.length },
      wake: null,
    })
    const { id: parent, ...around } = branch
    for (const [position, fork] of outcome.forks.entries()) {
      const child: NewBranch = {
        ...around,
        parent,
        position,
        path: JSON.stringify([...JSON.parse(branch.path), [branch.state, fork.branch]]),
        state: fork.block.StartAt,
        phase: 'queued',
        input: fork.input,
        variables: '{}',
        item: 'item' in fork ? JSON.stringify(fork.item) : null,
        progress: {},
        retries: [],
        lastEvent: started,
        wake: null,
        revision: 0,
      }
      const id = this.#store.branches.add(child)
      if (position < outcome.concurrency) this.#start({ ...child, id })
    }
  }

  /** A branch whose state failed for good takes the state around it down with it. */
  giveUp(branch: Branch, failure: Failure): void {
    const state = this.state(branch)
    const failed = { ...branch, lastEvent: this.fanOutFailed(branch, state) }
    const parent = branch.parent === null ? undefined : this.#store.branches.find(branch.parent)
    if (parent === undefined) {
      this.end(branch.execution, 'FAILED', null, failure, failed.lastEvent)
      return
    }
    let lastEvent = failed.lastEvent
    if (branch.item !== null) {
      lastEvent = this.#append(failed, events.iteration('Failed', parent.state, branch.position))
    }
    this.#abort(parent, branch.id)
    this.move(parent, { phase: 'failed', progress: { failure }, lastEvent })
  }

  /** Writes MapStateFailed or ParallelStateFailed for a state of that kind; gives the branch's last event. */
  fanOutFailed(branch: Branch, state: State): number {
    const fansOut = state.Type === 'Map' || state.Type === 'Parallel'
    return fansOut ? this.#append(branch, events.fanOut(state.Type, 'Failed')) : branch.lastEvent
  }

  /** Ends an execution, and says so on the bus. */
  end(id: number, status: ExecutionStatus, output: string | null, failure: Failure, previous?: number): void {
    const now = this.#clock.now()
    const event =
      status === 'SUCCEEDED' || status === 'RUNNING'
        ? events.executionSucceeded(output ?? 'null')
        : events.executionEnded(ENDED[status], failure)
    append(this.#store, id, previous ?? this.#store.history.lastId(id), now, event)
    this.#store.executions.end(id, { status, stopped: now, output }, failure)
    this.#gone.push(`execution:${id}`, ...this.#store.branches.removeAll(id).map(branchKey))
    this.announce(id)
  }

  /** Times an execution out at its deadline. */
  keepDeadline(id: number, deadline: number): void {
    this.#timers.set(`execution:${id}`, deadline, () => {
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

  /** The state in which a branch stands. */
  state(branch: Branch): State {
    const execution = this.#store.executions.find(branch.execution)
    if (execution === undefined) throw new Error(`branch ${branch.id} has no execution`)
    const path: BlockPath = JSON.parse(branch.path)
    const state = blockAt(this.#machines.get(execution.definition), path).States[branch.state]
    if (state === undefined) throw new Error(`the definition has no state '${branch.state}'`)
    return state
  }

  #transaction(change: () => boolean): boolean {
    this.#touched = new Set()
    this.#gone = []
    const changed = this.#store.transaction(change)
    for (const key of this.#gone) this.#timers.cancel(key)
    for (const branch of this.#touched) this.#advance(branch)
    this.#announcer.notify()
    return changed
  }

  #append(branch: NewBranch, event: HistoryEvent): number {
    return append(this.#store, branch.execution, branch.lastEvent, this.#clock.now(), event)
  }

  #entered<Kind extends NewBranch>(branch: Kind, name: string, input: string): Kind {
    const state = this.state({ ...branch, id: 0, state: name })
    const enteredEvent = this.#append(branch, events.stateEntered(state.Type, name, input))
    return {
      ...branch,
      state: name,
      input,
      enteredEvent,
      phase: 'entered',
      progress: {},
      retries: [],
      enteredAt: this.#clock.now(),
      lastEvent: enteredEvent,
      wake: null,
    }
  }

  #start(child: Branch): void {
    const parent =
      child.item === null || child.parent === null ? undefined : this.#store.branches.find(child.parent)
    const lastEvent =
      parent === undefined
        ? child.lastEvent
        : this.#append(child, events.iteration('Started', parent.state, child.position))
    this.move(child, this.#entered({ ...child, lastEvent }, child.state, child.input))
  }

  /** Fans in: the last branch to end lets the state around it return their outputs, in their order. */
  #join(child: Branch, parentId: number, output: string): void {
    const parent = this.#store.branches.find(parentId)
    if (parent === undefined) throw new Error(`branch ${child.id} has lost its parent`)
    const lastEvent =
      child.item === null
        ? child.lastEvent
        : this.#append(child, events.iteration('Succeeded', parent.state, child.position))
    this.#store.branches.move(child, {
      phase: 'ended',
      input: output,
      variables: '{}',
      wake: null,
      lastEvent,
    })
    this.#gone.push(branchKey(child.id))
    const remaining = (parent.progress.remaining ?? 1) - 1
    if (remaining > 0) {
      this.#store.branches.keep({ ...parent, progress: { remaining } })
      const queued = this.#store.branches.firstQueued(parentId)
      if (queued !== undefined) this.#start({ ...queued, lastEvent: parent.lastEvent })
      return
    }
    const children = this.#store.branches.children(parentId)
    for (const { id } of children) this.#store.branches.remove(id)
    this.#gathered(
      { ...parent, lastEvent },
      children.map((ended) => JSON.parse(ended.input)),
    )
  }

  #gathered(branch: Branch, result: unknown[]): void {
    const state = this.state(branch)
    if (state.Type !== 'Map' && state.Type !== 'Parallel')
      throw new Error(`${state.Type} states do not fan out`)
    try {
      payloadText(result, branch.state)
    } catch (error) {
      if (!(error instanceof StateFailed)) throw error
      this.move(branch, { phase: 'failed', progress: { failure: error.failure } })
      return
    }
    this.record(branch, [events.fanOut(state.Type, 'Succeeded')], {
      phase: 'returned',
      progress: { result },
      wake: null,
    })
  }

  /** Removes all that a state has forked; iterations under way, but the one that failed, are said to be aborted. */
  #abort(parent: Branch, failed: number): void {
    for (const child of this.#store.branches.children(parent.id)) {
      this.#abort(child, failed)
      const underWay = child.id !== failed && child.phase !== 'queued' && child.phase !== 'ended'
      if (underWay && child.item !== null) {
        this.#append(child, events.iteration('Aborted', parent.state, child.position))
      }
      this.#store.branches.remove(child.id)
      this.#gone.push(branchKey(child.id))
    }
  }
}

/** The key of a branch's timer. */
export function branchKey(branch: number): string {
  return `branch:${branch}`
}
