import { openStepFunctions, type StepFunctions } from '../../../infra/local/stepfunctions/engine.ts'
import { ManualClock } from './manual-clock.ts'

export const INVOKE = 'arn:aws:states:::lambda:invoke'
export const WAIT_FOR_TOKEN = `${INVOKE}.waitForTaskToken`

export interface HistoryEvent {
  id: number
  previousEventId: number
  type: string
  timestamp: number
  [details: string]: unknown
}

export interface Description {
  executionArn: string
  status: string
  input: string
  output?: string
  error?: string
  cause?: string
  startDate: number
  stopDate?: number
}

/** An error as a function throws it: its name is the error type. */
export function errorNamed(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

/** An engine on a clock that tests move, with functions that are plain callbacks. */
export class World {
  readonly clock: ManualClock
  readonly functions = new Map<string, (payload: never) => unknown>()
  readonly calls: { name: string; payload: unknown }[] = []
  readonly emitted: { detail: { status: string; name: string }; [field: string]: unknown }[] = []
  readonly engine: StepFunctions
  arn = ''

  constructor(file = ':memory:', clock = new ManualClock()) {
    this.clock = clock
    this.engine = openStepFunctions({
      file,
      clock,
      invoke: async (name, payload) => {
        this.calls.push({ name, payload })
        // Each test gives its functions the payload type that its own definition sends them.
        return this.functions.get(name)?.(payload as never)
      },
      emit: async (event) => {
        this.emitted.push(event as World['emitted'][number])
      },
    })
  }

  /** Creates the machine from its states; the first is the start. */
  machine(states: Record<string, object>, more: object = {}): this {
    const definition = { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states, ...more }
    this.arn = this.engine.createStateMachine({ name: 'machine', definition })
    return this
  }

  start(input: unknown = {}, name?: string): string {
    const started = this.engine.request('StartExecution', {
      stateMachineArn: this.arn,
      input: JSON.stringify(input),
      ...(name !== undefined && { name }),
    }) as { executionArn: string }
    return started.executionArn
  }

  request(operation: string, input: object): unknown {
    return this.engine.request(operation, input)
  }

  describe(executionArn: string): Description {
    return this.engine.request('DescribeExecution', { executionArn }) as Description
  }

  history(executionArn: string): HistoryEvent[] {
    const answer = this.engine.request('GetExecutionHistory', { executionArn, maxResults: 1000 })
    return (answer as { events: HistoryEvent[] }).events
  }

  types(executionArn: string): string[] {
    return this.history(executionArn).map(({ type }) => type)
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(until: () => boolean = () => false): Promise<void> {
    for (let quiet = 0; quiet < 12 && !until(); quiet++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Runs an execution to its end, moving the clock whenever nothing else can happen. */
  async run(input: unknown = {}): Promise<Description> {
    const arn = this.start(input)
    return this.finish(arn)
  }

  async finish(arn: string): Promise<Description> {
    const ended = () => this.describe(arn).status !== 'RUNNING'
    for (let moves = 0; moves < 1000 && !ended(); moves++) {
      await this.settle(ended)
      const next = this.clock.nextInstant()
      if (!ended() && next !== undefined) this.clock.advance((next - this.clock.now()) / 1000)
    }
    await this.settle()
    return this.describe(arn)
  }
}

/** The parsed output of an execution that has to have succeeded. */
export function outputOf({ status, output, error, cause }: Description): unknown {
  if (status !== 'SUCCEEDED' || output === undefined) throw new Error(`${status}: ${error} ${cause}`)
  return JSON.parse(output)
}

/** A Task state that calls a function. */
export function task(name: string, more: object = {}): object {
  return {
    Type: 'Task',
    Resource: INVOKE,
    Arguments: { FunctionName: name, Payload: '{% $states.input %}' },
    ...('Next' in more ? {} : { End: true }),
    ...more,
  }
}

/** A Task state that hands a function its token and waits for it. */
export function tokenTask(name: string, more: object = {}): object {
  return task(name, {
    Resource: WAIT_FOR_TOKEN,
    Arguments: { FunctionName: name, Payload: { token: '{% $states.context.Task.Token %}' } },
    ...more,
  })
}
