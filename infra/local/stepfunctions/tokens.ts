import type { Clock } from '../clock.ts'
import { type Failure, StepFunctionsError } from './errors.ts'
import { events, type HistoryEvent } from './history.ts'
import type { Moves } from './moves.ts'
import { isToken } from './states/task.ts'
import type { Branch, Call, Progress } from './store/branches.ts'
import type { Store } from './store/store.ts'
import type { Transitions } from './transitions.ts'

const RESOURCE = 'invoke.waitForTaskToken'

/** What the holder of a task token can do. Each is stored when it returns. */
export class Tokens {
  readonly #store: Store
  readonly #clock: Clock
  readonly #transitions: Transitions
  readonly #moves: Moves

  constructor(parts: { store: Store; clock: Clock; transitions: Transitions; moves: Moves }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#transitions = parts.transitions
    this.#moves = parts.moves
  }

  /** Ends the task with a result, a JSON text. */
  succeed(token: string, output: string): void {
    this.#close(
      token,
      events.taskSucceeded(RESOURCE, output),
      { status: 'returned' },
      { result: JSON.parse(output) },
    )
  }

  /** Ends the task with an error. */
  fail(token: string, failure: Failure): void {
    this.#close(token, events.taskEnded('Failed', RESOURCE, failure), { status: 'failed' }, { failure })
  }

  /** Gives the task another HeartbeatSeconds. */
  heartbeat(token: string): void {
    const { branch, call } = this.#open(token)
    if (call.heartbeat === undefined) return
    const heartbeatDue = this.#clock.now() + call.heartbeat * 1000
    this.#transitions.commit(branch, (present) =>
      this.#store.branches.keep({ ...present, progress: { call: { ...call, heartbeatDue } } }),
    )
  }

  #close(token: string, event: HistoryEvent, changes: Partial<Branch>, progress: Progress): void {
    const { branch } = this.#open(token)
    this.#transitions.commit(branch, (present) =>
      this.#moves.record(present, [event], { ...changes, progress, wake: null }),
    )
  }

  /** The task that waits for a token. A deadline that has passed counts, even if its timer has not come yet. */
  #open(token: string): { branch: Branch; call: Call } {
    if (!isToken(token)) throw new StepFunctionsError('InvalidToken', "Invalid Token: 'Invalid token'")
    const issued = this.#store.tokens.find(token)
    if (issued === undefined)
      throw new StepFunctionsError(
        'TaskDoesNotExist',
        "Task does not exist: 'Provided token was never issued'",
      )
    const branch = this.#store.branches.find(issued.branch)
    const call = branch?.revision === issued.revision ? branch.progress.call : undefined
    const due = Math.min(
      call?.deadline ?? Number.POSITIVE_INFINITY,
      call?.heartbeatDue ?? Number.POSITIVE_INFINITY,
    )
    if (branch === undefined || call === undefined || due <= this.#clock.now()) {
      throw new StepFunctionsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'")
    }
    return { branch, call }
  }
}
