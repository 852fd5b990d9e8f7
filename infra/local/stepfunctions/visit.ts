import type { Assignments, Block, State, Template } from './definition.ts'
import { type Failure, StateFailed } from './errors.ts'
import { evaluate, type Scope } from './expression.ts'
import type { HistoryEvent } from './history.ts'
import { payloadText } from './limits.ts'
import type { Branch, Call } from './store/branches.ts'
import type { Surroundings } from './surroundings.ts'

/** What running a state comes to. The interpreter makes each of these one transaction. */
export type Outcome =
  | {
      readonly do: 'exit'
      readonly output: string
      readonly assigned: Record<string, unknown>
      readonly next?: string
    }
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'call'; readonly call: Call; readonly resource: string; readonly timeout?: number }
  | {
      readonly do: 'fork'
      readonly started: HistoryEvent
      readonly forks: readonly Fork[]
      readonly concurrency: number
    }
  | { readonly do: 'fail'; readonly failure: Failure }

/** A branch to be begun: `branch` is its block's number in the state, `item` is there for a Map. */
export interface Fork {
  readonly branch: number
  readonly block: Block
  readonly input: string
  readonly item?: unknown
}

/** How one type of state runs. It only computes: nothing is stored before its outcome is. */
export interface StateKind<Kind extends State> {
  /** Runs a state that has just been entered, or is tried again. */
  enter(visit: Visit<Kind>): Promise<Outcome>
  /** Leaves a state whose waiting is over or whose work has given `result`. */
  leave?(visit: Visit<Kind>, result: unknown): Promise<Outcome>
}

/** What `$states` holds besides the input and the context. */
export interface Extra {
  readonly result?: unknown
  readonly errorOutput?: unknown
}

/** One run of one state: its definition, its input and what its expressions see. */
export class Visit<Kind extends State = State> {
  readonly state: Kind
  readonly branch: Branch
  readonly surroundings: Surroundings
  readonly input: unknown

  constructor(state: Kind, branch: Branch, surroundings: Surroundings) {
    this.state = state
    this.branch = branch
    this.surroundings = surroundings
    this.input = JSON.parse(branch.input)
  }

  get now(): number {
    return this.surroundings.now
  }

  /** What an expression sees here; `context` is added to `$states.context`. */
  scope(extra: Extra = {}, context: Readonly<Record<string, unknown>> = {}): Scope {
    const { variables, now } = this.surroundings
    return {
      variables,
      now,
      states: { input: this.input, ...extra, context: { ...this.#context(), ...context } },
    }
  }

  /** The value of a template of this state. */
  evaluate(template: Template, field: string, extra: Extra = {}): Promise<unknown> {
    return evaluate(template, field, this.scope(extra))
  }

  /**
   * The outcome of leaving the state: its Output, or `fallback` when it has none, and its assignments.
   * Assignments see the variables as they were, never each other.
   * @throws StateFailed when a template fails or the output is too large
   */
  async exit(
    shaping: { readonly Output?: Template; readonly Assign?: Assignments },
    fallback: unknown,
    next: string | undefined,
    extra: Extra = {},
  ): Promise<Outcome> {
    const value =
      shaping.Output === undefined ? fallback : await this.evaluate(shaping.Output, 'Output', extra)
    const assigned: Record<string, unknown> = {}
    for (const [name, template] of Object.entries(shaping.Assign ?? {})) {
      assigned[name] = await this.evaluate(template, `Assign/${name}`, extra)
      payloadText(assigned[name], this.branch.state)
    }
    const output = payloadText(value, this.branch.state)
    return next === undefined ? { do: 'exit', output, assigned } : { do: 'exit', output, assigned, next }
  }

  /** A failure of the engine's own rules, with the words AWS begins its causes with. */
  runtimeError(problem: string): StateFailed {
    return new StateFailed('States.Runtime', this.placed(problem))
  }

  /** AWS's text that says in which state a problem arose. */
  placed(problem: string): string {
    const { state, enteredEvent } = this.branch
    return `An error occurred while executing the state '${state}' (entered at the event id #${enteredEvent}). ${problem}`
  }

  #context(): Record<string, unknown> {
    const { execution, machine, item } = this.surroundings
    return {
      Execution: {
        Id: execution.arn,
        Input: JSON.parse(execution.input),
        Name: execution.name,
        RoleArn: machine.roleArn,
        StartTime: new Date(execution.started).toISOString(),
        RedriveCount: 0,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
      State: {
        Name: this.branch.state,
        EnteredTime: new Date(this.branch.enteredAt).toISOString(),
        ...(mayRetry(this.state) && {
          RetryCount: this.branch.retries.reduce((sum, count) => sum + count, 0),
        }),
      },
      ...(item && { Map: { Item: item } }),
    }
  }
}

/** Only states that can be tried again have a count of that. */
function mayRetry({ Type }: State): boolean {
  return Type === 'Task' || Type === 'Map' || Type === 'Parallel'
}
