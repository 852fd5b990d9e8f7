import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { StepFunctionsError } from './errors.ts'
import { append, events } from './history.ts'
import { EXECUTION_MILLISECONDS, isTooLarge, NAME_MILLISECONDS } from './limits.ts'
import type { Machines } from './machines.ts'
import type { Moves } from './moves.ts'
import type { Execution } from './store/executions.ts'
import type { Store } from './store/store.ts'
import type { Transitions } from './transitions.ts'

const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u

/** Starts executions, each name once. */
export class Starter {
  readonly #store: Store
  readonly #clock: Clock
  readonly #machines: Machines
  readonly #transitions: Transitions
  readonly #moves: Moves
  readonly #roleArn: string

  constructor(parts: {
    store: Store
    clock: Clock
    machines: Machines
    transitions: Transitions
    moves: Moves
    roleArn: string
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#machines = parts.machines
    this.#transitions = parts.transitions
    this.#moves = parts.moves
    this.#roleArn = parts.roleArn
  }

  /**
   * Starts an execution, stored when this returns. The same name and input give the execution that already runs.
   * @throws StepFunctionsError ExecutionAlreadyExists when the name was used with another input, or by an execution
   * that has ended in the last 90 days
   */
  start(machine: { arn: string; definition: number }, name: string = randomUUID(), input: string): Execution {
    if (!NAME.test(name)) throw new StepFunctionsError('InvalidName', `Invalid Name: '${name}'`)
    if (isTooLarge(input))
      throw new StepFunctionsError(
        'InvalidExecutionInput',
        'Invalid State Machine Execution Input: it is longer than 262144 bytes',
      )
    checkJson(input)
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`
    const known = this.#store.executions.named(arn)
    if (known !== undefined && this.#isTaken(known)) {
      if (known.status === 'RUNNING' && known.input === input) return known
      throw new StepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`)
    }
    this.#transitions.atomically(known?.id ?? 0, () => {
      if (known !== undefined) this.#store.forget(known.id)
      this.#begin(arn, name, machine, input)
      return true
    })
    const started = this.#store.executions.named(arn)
    if (started === undefined) throw new Error(`${arn} was not stored`)
    return started
  }

  #isTaken({ stopped }: Execution): boolean {
    return stopped === null || stopped + NAME_MILLISECONDS > this.#clock.now()
  }

  #begin(arn: string, name: string, machine: { arn: string; definition: number }, input: string): void {
    const started = this.#clock.now()
    const { TimeoutSeconds, StartAt } = this.#machines.get(machine.definition)
    const limit = Math.min(EXECUTION_MILLISECONDS, (TimeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000)
    const execution = this.#store.executions.add({
      arn,
      name,
      machine: machine.arn,
      definition: machine.definition,
      input,
      started,
      deadline: started + limit,
    })
    append(this.#store, execution, 0, started, events.executionStarted(input, this.#roleArn))
    this.#transitions.keepDeadline(execution, started + limit)
    this.#transitions.announce(execution)
    this.#moves.begin({
      execution,
      parent: null,
      position: 0,
      path: '[]',
      state: StartAt,
      status: 'entered',
      input,
      variables: '{}',
      item: null,
      progress: {},
      retries: [],
      enteredEvent: 0,
      enteredAt: started,
      lastEvent: 0,
      wake: null,
      revision: 0,
    })
  }
}

function checkJson(input: string): void {
  try {
    JSON.parse(input)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StepFunctionsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${reason}'`,
    )
  }
}
