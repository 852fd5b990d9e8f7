import type { Clock } from '../clock.ts'
import type { Calls } from './calls.ts'
import type { TaskState } from './definition.ts'
import { EvaluationFailed, type Failure, StateFailed } from './errors.ts'
import type { FanOut } from './fan-out.ts'
import { events } from './history.ts'
import { branchKey, type Moves } from './moves.ts'
import { remedyFor } from './recovery.ts'
import { kindOf } from './states/kinds.ts'
import { resourceName } from './states/task.ts'
import type { Branch, Call } from './store/branches.ts'
import type { Store } from './store/store.ts'
import { surroundingsOf } from './surroundings.ts'
import type { Timers } from './timers.ts'
import type { Transitions } from './transitions.ts'
import { type Outcome, Visit } from './visit.ts'

/**
 * Drives branches: reads where one stands, runs the state it is in, and stores the outcome as one transaction.
 * Nothing but the store knows how far a branch is, so a process that was killed is continued by `advance`.
 */
export class Interpreter {
  readonly #store: Store
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #transitions: Transitions
  readonly #moves: Moves
  readonly #fanOut: FanOut
  readonly #calls: Calls
  readonly #roleArn: string
  readonly #region: string
  /** Branches being driven; true when one was advanced again meanwhile. */
  readonly #driven = new Map<number, boolean>()
  readonly #drives = new Set<Promise<void>>()
  #stopped = false

  constructor(parts: {
    store: Store
    clock: Clock
    timers: Timers
    transitions: Transitions
    moves: Moves
    fanOut: FanOut
    calls: Calls
    roleArn: string
    region: string
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#timers = parts.timers
    this.#transitions = parts.transitions
    this.#moves = parts.moves
    this.#fanOut = parts.fanOut
    this.#calls = parts.calls
    this.#roleArn = parts.roleArn
    this.#region = parts.region
  }

  /** Makes a branch go on from where it stands. At most one drive of a branch runs at a time. */
  advance(id: number): void {
    if (this.#stopped) return
    if (this.#driven.has(id)) {
      this.#driven.set(id, true)
      return
    }
    this.#driven.set(id, false)
    const drive = this.#drive(id).finally(() => this.#drives.delete(drive))
    this.#drives.add(drive)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#drives)
  }

  async #drive(id: number): Promise<void> {
    try {
      do {
        this.#driven.set(id, false)
        const branch = this.#store.branches.find(id)
        if (branch === undefined || this.#stopped) return
        await this.#run(branch)
      } while (this.#driven.get(id) === true)
    } finally {
      // In the same turn as the last look at it: an `advance` between the two would be lost.
      this.#driven.delete(id)
    }
  }

  /** Does the next thing a branch has to do; a change it stores advances the branch again. */
  async #run(branch: Branch): Promise<void> {
    const { status, progress, wake } = branch
    if ((status === 'waiting' || status === 'retrying') && wake !== null && wake > this.#clock.now()) {
      return this.#wakeAt(branch.id, wake)
    }
    if (status === 'entered' || status === 'retrying') {
      return this.#compute(branch, (visit) => kindOf(visit.state).enter(visit))
    }
    if (status === 'waiting' || status === 'returned') {
      return this.#compute(branch, async (visit) => {
        const outcome = await kindOf(visit.state).leave?.(visit, progress.result)
        return outcome ?? visit.exit({}, visit.input, undefined)
      })
    }
    if (status === 'failed') return this.#recover(branch, progress.failure ?? {})
    if (status === 'calling' && progress.call !== undefined) this.#call(branch, progress.call)
  }

  async #compute(branch: Branch, work: (visit: Visit) => Promise<Outcome>): Promise<void> {
    const visit = this.#visit(branch)
    try {
      const outcome = await work(visit)
      this.#transitions.commit(branch, (present) => this.#apply(present, outcome))
    } catch (error) {
      const { failure, written } = failureOf(error, visit)
      this.#transitions.commit(branch, (present) =>
        this.#moves.record(present, written, { status: 'failed', progress: { failure }, wake: null }),
      )
    }
  }

  #apply(branch: Branch, outcome: Outcome): void {
    switch (outcome.do) {
      case 'exit':
        this.#transitions.exit(branch, outcome)
        break
      case 'wait':
        this.#moves.move(branch, { status: 'waiting', wake: outcome.until })
        break
      case 'fork':
        this.#fanOut.fork(branch, outcome)
        break
      case 'fail':
        this.#moves.move(branch, { status: 'failed', progress: { failure: outcome.failure } })
        break
      case 'call': {
        const { call, resource, timeout } = outcome
        const scheduled = events.taskScheduled(resource, this.#region, JSON.stringify(call.arguments), {
          ...(timeout !== undefined && { timeoutInSeconds: timeout }),
          ...(call.heartbeat !== undefined && { heartbeatInSeconds: call.heartbeat }),
        })
        const written = [scheduled, events.taskStarted(resource)]
        this.#moves.record(branch, written, { status: 'calling', progress: { call }, wake: null })
        if (call.token !== undefined)
          this.#store.tokens.add(call.token, { ...branch, revision: branch.revision + 1 })
      }
    }
  }

  /** Times a task out, or sees to it that its function is invoked and its next deadline kept. */
  #call(branch: Branch, call: Call): void {
    const state = this.#taskState(branch)
    const due = Math.min(
      call.deadline ?? Number.POSITIVE_INFINITY,
      call.heartbeatDue ?? Number.POSITIVE_INFINITY,
    )
    if (due > this.#clock.now()) {
      if (Number.isFinite(due)) this.#wakeAt(branch.id, due)
      this.#calls.dispatch(branch, call, state)
      return
    }
    const missedHeartbeat = call.heartbeatDue === due && call.deadline !== due
    const failure = { error: missedHeartbeat ? 'States.HeartbeatTimeout' : 'States.Timeout' }
    this.#transitions.commit(branch, (present) => {
      // A heartbeat may have come in since the branch was read.
      if (missedHeartbeat && (present.progress.call?.heartbeatDue ?? 0) > due) return
      this.#moves.record(present, [events.taskEnded('TimedOut', resourceName(state), failure)], {
        status: 'failed',
        progress: { failure },
        wake: null,
      })
    })
  }

  async #recover(branch: Branch, failure: Failure): Promise<void> {
    const visit = this.#visit(branch)
    const remedy = remedyFor(visit.state, failure, branch.retries, Math.random)
    if (remedy.do === 'retry') {
      const wake = this.#clock.now() + remedy.delay
      this.#transitions.commit(branch, (present) =>
        this.#moves.move(present, { status: 'retrying', retries: remedy.retries, progress: {}, wake }),
      )
    } else if (remedy.do === 'catch') {
      const errorOutput = { Error: failure.error, Cause: failure.cause }
      const { catcher } = remedy
      await this.#rescue(branch, visit, () => visit.exit(catcher, errorOutput, catcher.Next, { errorOutput }))
    } else {
      this.#transitions.commit(branch, (present) => this.#transitions.giveUp(present, failure))
    }
  }

  /** Leaves a failed state by its catcher. A catcher that itself fails is not caught again. */
  async #rescue(branch: Branch, visit: Visit, exit: () => Promise<Outcome>): Promise<void> {
    try {
      const outcome = await exit()
      this.#transitions.commit(branch, (present) => {
        const lastEvent = this.#fanOut.failed(present)
        this.#apply({ ...present, lastEvent }, outcome)
      })
    } catch (error) {
      const { failure, written } = failureOf(error, visit)
      this.#transitions.commit(branch, (present) => {
        const lastEvent = this.#moves.write(present, ...written)
        this.#transitions.giveUp({ ...present, lastEvent }, failure)
      })
    }
  }

  #wakeAt(branch: number, instant: number): void {
    this.#timers.set(branchKey(branch), instant, () => this.advance(branch))
  }

  #taskState(branch: Branch): TaskState {
    const state = this.#moves.state(branch)
    if (state.Type !== 'Task') throw new Error(`branch ${branch.id} calls from a ${state.Type} state`)
    return state
  }

  #visit(branch: Branch): Visit {
    const surroundings = surroundingsOf(branch, this.#store, this.#roleArn, this.#clock.now())
    return new Visit(this.#moves.state(branch), branch, surroundings)
  }
}

/** What a state that threw has failed with, and what its history says of it. */
function failureOf(
  error: unknown,
  visit: Visit,
): { failure: Failure; written: ReturnType<typeof events.evaluationFailed>[] } {
  if (error instanceof EvaluationFailed) {
    const failure = { ...error.failure, cause: visit.placed(error.failure.cause ?? '') }
    return { failure, written: [events.evaluationFailed(visit.branch.state, error.location, failure)] }
  }
  if (error instanceof StateFailed) return { failure: error.failure, written: [] }
  const problem = error instanceof Error ? error.message : String(error)
  return { failure: visit.runtimeError(problem).failure, written: [] }
}
