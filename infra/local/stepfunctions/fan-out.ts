import type { State } from './definition.ts'
import { type Failure, StateFailed } from './errors.ts'
import { events } from './history.ts'
import { payloadText } from './limits.ts'
import type { Moves } from './moves.ts'
import type { Branch, NewBranch } from './store/branches.ts'
import type { Store } from './store/store.ts'
import type { Outcome } from './visit.ts'

type Forking = Extract<Outcome, { do: 'fork' }>

/** How a Parallel or a Map forks into branches and becomes one again. To be called inside a transaction. */
export class FanOut {
  readonly #store: Store
  readonly #moves: Moves

  constructor(store: Store, moves: Moves) {
    this.#store = store
    this.#moves = moves
  }

  /** Fans out: every branch of a Parallel, or every iteration of a Map, at once. */
  fork(branch: Branch, outcome: Forking): void {
    const started = this.#moves.write(branch, outcome.started)
    const forked = { ...branch, lastEvent: started }
    if (outcome.forks.length === 0) {
      this.#gathered(forked, [])
      return
    }
    this.#store.branches.move(forked, {
      status: 'forked',
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
        status: 'queued',
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
      if (position < outcome.concurrency) this.#start({ ...child, id }, branch)
    }
  }

  /** Fans in: the last branch to end lets the state around it return their outputs, in their order. */
  join(child: Branch, parentId: number, output: string): void {
    const parent = this.#store.branches.find(parentId)
    if (parent === undefined) throw new Error(`branch ${child.id} has lost its parent`)
    const lastEvent = this.#tell('Succeeded', child, parent)
    this.#moves.end({ ...child, lastEvent }, output)
    const remaining = (parent.progress.remaining ?? 1) - 1
    if (remaining > 0) {
      this.#store.branches.keep({ ...parent, progress: { remaining } })
      const queued = this.#store.branches.firstQueued(parentId)
      // It follows what the iteration did last that made room for it.
      if (queued !== undefined) this.#start({ ...queued, lastEvent: child.lastEvent }, parent)
      return
    }
    const children = this.#store.branches.children(parentId)
    for (const { id } of children) this.#store.branches.remove(id)
    this.#gathered(
      { ...parent, lastEvent },
      children.map((ended) => JSON.parse(ended.input)),
    )
  }

  /** Writes MapStateFailed or ParallelStateFailed where a state of that kind failed; gives the branch's last event. */
  failed(branch: Branch): number {
    const state = this.#moves.state(branch)
    const fansOut = state.Type === 'Map' || state.Type === 'Parallel'
    return fansOut ? this.#moves.write(branch, events.fanOut(state.Type, 'Failed')) : branch.lastEvent
  }

  /**
   * Fails the state that forked a branch which failed for good; its other branches go down with it. What is said of all of them follows
   * the event of the failure, and so does what becomes of the state.
   */
  collapse(parent: Branch, child: Branch, failure: Failure): void {
    const { lastEvent } = child
    this.#tell('Failed', child, parent)
    if (this.#moves.state(child).Type === 'Task') this.#moves.write(child, events.stateAborted('Task'))
    this.#abort(parent, child.id, lastEvent)
    this.#moves.move(parent, { status: 'failed', progress: { failure }, lastEvent })
  }

  #start(child: Branch, parent: Branch): void {
    const lastEvent = this.#tell('Started', child, parent)
    this.#moves.enter({ ...child, lastEvent }, child.state, child.input)
  }

  /** Writes what became of an iteration; branches of a Parallel have no such event. Gives the branch's last event. */
  #tell(what: 'Started' | 'Succeeded' | 'Failed' | 'Aborted', child: Branch, parent: Branch): number {
    if (child.item === null) return child.lastEvent
    return this.#moves.write(child, events.iteration(what, parent.state, child.position))
  }

  #gathered(branch: Branch, result: unknown[]): void {
    const state = this.#moves.state(branch)
    if (state.Type !== 'Map' && state.Type !== 'Parallel')
      throw new Error(`${state.Type} states do not fan out`)
    try {
      payloadText(result, branch.state)
    } catch (error) {
      if (!(error instanceof StateFailed)) throw error
      this.#moves.move(branch, { status: 'failed', progress: { failure: error.failure } })
      return
    }
    // What leaves the state follows its last branch, beside this event.
    this.#moves.write(branch, events.fanOut(state.Type, 'Succeeded'))
    this.#moves.move(branch, { status: 'returned', progress: { result }, wake: null })
  }

  /** Removes all that a state has forked; of what is under way, but the branch that failed, it is said that it was aborted. */
  #abort(parent: Branch, failed: number, lastEvent: number): void {
    for (const child of this.#store.branches.children(parent.id)) {
      const underWay = child.id !== failed && child.status !== 'queued' && child.status !== 'ended'
      if (underWay) this.#tell('Aborted', { ...child, lastEvent }, parent)
      this.#abort(child, failed, lastEvent)
      const { Type } = this.#moves.state(child)
      if (underWay && abortable(Type)) this.#moves.write({ ...child, lastEvent }, events.stateAborted(Type))
      this.#moves.remove(child.id)
    }
  }
}

/** The states that take time: AWS has an event for the end of no other. Source: HistoryEventType of its API. */
type Abortable = 'Task' | 'Wait' | 'Map' | 'Parallel'

function abortable(type: State['Type']): type is Abortable {
  return type === 'Task' || type === 'Wait' || type === 'Map' || type === 'Parallel'
}
