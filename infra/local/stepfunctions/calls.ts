import type { TaskState } from './definition.ts'
import { StateFailed } from './errors.ts'
import { events } from './history.ts'
import { payloadText } from './limits.ts'
import type { Moves } from './moves.ts'
import { resourceName } from './states/task.ts'
import type { Branch, Call } from './store/branches.ts'
import type { Transitions } from './transitions.ts'

type Invoke = (functionName: string, payload: unknown) => Promise<unknown>

/**
 * Invokes the functions of tasks. An invocation under way is known only to this process: after a restart it is
 * made again, with the same arguments and token, unless the function had already taken the token.
 */
export class Calls {
  readonly #invoke: Invoke
  readonly #transitions: Transitions
  readonly #moves: Moves
  readonly #underWay = new Set<string>()
  #stopped = false

  constructor(invoke: Invoke, transitions: Transitions, moves: Moves) {
    this.#invoke = invoke
    this.#transitions = transitions
    this.#moves = moves
  }

  /** Makes the invocation of a calling branch, once. */
  dispatch(branch: Branch, call: Call, state: TaskState): void {
    const key = `${branch.id}:${branch.revision}`
    if (call.dispatched || this.#underWay.has(key)) return
    this.#underWay.add(key)
    const { FunctionName, Payload } = call.arguments
    Promise.resolve()
      .then(() => this.#invoke(FunctionName, Payload))
      .then(
        (payload) => this.#settle(() => this.#answered(branch, state, payload)),
        (error: unknown) => this.#settle(() => this.#refused(branch, state, functionFailure(error))),
      )
      .finally(() => this.#underWay.delete(key))
  }

  /** What invocations still under way bring is dropped: they are made again at the next start. */
  stop(): void {
    this.#stopped = true
  }

  #settle(store: () => void): void {
    if (!this.#stopped) store()
  }

  #answered(branch: Branch, state: TaskState, payload: unknown): void {
    const result = { ExecutedVersion: '$LATEST', Payload: payload ?? null, StatusCode: 200 }
    const resource = resourceName(state)
    let output: string
    try {
      output = payloadText(result, state.Resource)
    } catch (error) {
      if (!(error instanceof StateFailed)) throw error
      this.#refused(branch, state, error)
      return
    }
    this.#transitions.commit(branch, (present) => {
      const { call } = present.progress
      if (call?.token === undefined) {
        this.#moves.record(present, [events.taskSucceeded(resource, output)], {
          status: 'returned',
          progress: { result },
          wake: null,
        })
      } else if (!call.dispatched) {
        this.#moves.note(present, events.taskSubmitted(resource, output), {
          progress: { call: { ...call, dispatched: true } },
        })
      }
    })
  }

  #refused(branch: Branch, state: TaskState, { failure }: StateFailed): void {
    this.#transitions.commit(branch, (present) => {
      this.#moves.record(present, [events.taskEnded('Failed', resourceName(state), failure)], {
        status: 'failed',
        progress: { failure },
        wake: null,
      })
    })
  }
}

/** A function's error as AWS reports it: its type, and a JSON cause with the message and the stack. */
function functionFailure(error: unknown): StateFailed {
  if (!(error instanceof Error))
    return new StateFailed('Error', JSON.stringify({ errorMessage: String(error) }))
  const cause = { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] }
  return new StateFailed(error.name, JSON.stringify(cause))
}
