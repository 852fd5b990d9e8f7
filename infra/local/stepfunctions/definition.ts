/** The part of the Amazon States Language that the engine runs, as `validate.ts` hands it on. */
export interface Machine extends Block {
  readonly TimeoutSeconds?: number
}

/** States with an entry: a whole machine, one branch of a Parallel, or the body of a Map. */
export interface Block {
  readonly StartAt: string
  readonly States: Readonly<Record<string, State>>
}

export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState

/** JSON in which every string of the form `{% … %}` is a JSONata expression. */
export type Template = unknown
export type Assignments = Readonly<Record<string, Template>>

interface Shaping {
  readonly Output?: Template
  readonly Assign?: Assignments
}

/** A validated state has either Next or End. */
interface Going extends Shaping {
  readonly Next?: string
}

export interface Recovery {
  readonly Retry?: readonly Retrier[]
  readonly Catch?: readonly Catcher[]
}

export interface Retrier {
  readonly ErrorEquals: readonly string[]
  readonly IntervalSeconds?: number
  readonly MaxAttempts?: number
  readonly BackoffRate?: number
  readonly MaxDelaySeconds?: number
  readonly JitterStrategy?: 'FULL' | 'NONE'
}

export interface Catcher extends Shaping {
  readonly ErrorEquals: readonly string[]
  readonly Next: string
}

export interface PassState extends Going {
  readonly Type: 'Pass'
}

export const INVOKE = 'arn:aws:states:::lambda:invoke'
export const INVOKE_WITH_TOKEN = 'arn:aws:states:::lambda:invoke.waitForTaskToken'

export interface TaskState extends Going, Recovery {
  readonly Type: 'Task'
  readonly Resource: typeof INVOKE | typeof INVOKE_WITH_TOKEN
  readonly Arguments: { readonly FunctionName: string; readonly Payload?: Template }
  readonly TimeoutSeconds?: number | string
  readonly HeartbeatSeconds?: number | string
}

export interface ChoiceRule extends Shaping {
  readonly Condition: boolean | string
  readonly Next: string
}

export interface ChoiceState extends Shaping {
  readonly Type: 'Choice'
  readonly Choices: readonly ChoiceRule[]
  readonly Default?: string
}

export interface WaitState extends Going {
  readonly Type: 'Wait'
  readonly Seconds?: number | string
  readonly Timestamp?: string
}

export interface SucceedState {
  readonly Type: 'Succeed'
  readonly Output?: Template
}

export interface FailState {
  readonly Type: 'Fail'
  readonly Error?: string
  readonly Cause?: string
}

export interface ParallelState extends Going, Recovery {
  readonly Type: 'Parallel'
  readonly Branches: readonly Block[]
  readonly Arguments?: Template
}

export interface MapState extends Going, Recovery {
  readonly Type: 'Map'
  readonly Items?: Template
  readonly ItemSelector?: Template
  readonly ItemProcessor: Block
  readonly MaxConcurrency?: number | string
}

/** Where a block stands in its machine: the states and branch numbers on the way down to it. */
export type BlockPath = readonly (readonly [state: string, branch: number])[]

/** The block at a path that validation has made sure exists. */
export function blockAt(machine: Machine, path: BlockPath): Block {
  return path.reduce<Block>((block, [name, branch]) => {
    const state = block.States[name]
    const inner =
      state?.Type === 'Parallel'
        ? state.Branches[branch]
        : state?.Type === 'Map'
          ? state.ItemProcessor
          : undefined
    if (inner === undefined) throw new Error(`the definition has no block at ${JSON.stringify(path)}`)
    return inner
  }, machine)
}
