import type { Clock } from '../clock.ts'
import { Announcer } from './announcer.ts'
import { Calls } from './calls.ts'
import { Consequences } from './consequences.ts'
import { StepFunctionsError } from './errors.ts'
import { FanOut } from './fan-out.ts'
import { Input } from './input.ts'
import { Interpreter } from './interpreter.ts'
import { Machines } from './machines.ts'
import { Moves } from './moves.ts'
import { operations } from './operations.ts'
import { Starter } from './starter.ts'
import { Store } from './store/store.ts'
import { Timers } from './timers.ts'
import { Tokens } from './tokens.ts'
import { Transitions } from './transitions.ts'
import { validateMachine } from './validate.ts'

/** What the engine is opened with. */
export interface StepFunctionsOptions {
  /** The SQLite file, or ':memory:'. */
  file: string
  clock: Clock
  /** Runs a function; rejects with an Error whose name is the error type. */
  invoke(functionName: string, payload: unknown): Promise<unknown>
  /** Takes an EventBridge event; an event it rejects comes again. */
  emit(event: {
    source: string
    'detail-type': string
    detail: unknown
    resources: string[]
    time: string
  }): Promise<void>
  /** eu-central-1 when left out. */
  region?: string
  /** 000000000000 when left out. */
  account?: string
}

/** Step Functions on one machine. */
export interface StepFunctions {
  /** Creates a machine, or gives it another definition for the executions to come. Returns its ARN; throws on anything not implemented. */
  createStateMachine(definition: { name: string; definition: unknown }): string
  /** Runs an operation of the wire; throws a StepFunctionsError {type, message}. */
  request(operation: string, input: unknown): unknown | Promise<unknown>
  /** The ARN of the machine whose task was given a token; undefined for a token that was never issued. */
  machineOfToken(token: string): string | undefined
  /** Continues what was in flight when the file was last in use. */
  resume(): void
  /** Stops cleanly; kill -9 is as good. */
  stop(): Promise<void>
}

/** Opens the engine on its file. Nothing that was in flight moves before `resume`. */
export function openStepFunctions(options: StepFunctionsOptions): StepFunctions {
  const { file, clock, region = 'eu-central-1', account = '000000000000' } = options
  const roleArn = `arn:aws:iam::${account}:role/state-machines`
  const store = new Store(file)
  const machines = new Machines(store)
  const timers = new Timers(clock)
  const announcer = new Announcer(store, clock, (event) => options.emit(event))
  const consequences = new Consequences(timers, (branch) => interpreter.advance(branch))
  const moves = new Moves({ store, clock, machines, consequences })
  const fanOut = new FanOut(store, moves)
  const transitions = new Transitions({ store, clock, timers, announcer, consequences, moves, fanOut })
  const calls = new Calls((name, payload) => options.invoke(name, payload), transitions, moves)
  const interpreter = new Interpreter({
    ...{ store, clock, timers, transitions, moves, fanOut, calls, roleArn, region },
  })
  const starter = new Starter({ store, clock, machines, transitions, moves, roleArn })
  const tokens = new Tokens({ store, clock, transitions, moves })
  const arnPrefix = `arn:aws:states:${region}:${account}:stateMachine:`
  const known = operations({
    ...{ store, starter, tokens, transitions, roleArn, arnPrefix },
    now: () => clock.now(),
  })

  return {
    createStateMachine({ name, definition }) {
      validateMachine(name, definition)
      const arn = `${arnPrefix}${name}`
      const created = clock.now()
      store.transaction(() => store.machines.keep({ arn, name, created }, JSON.stringify(definition)))
      return arn
    },

    request(operation, input) {
      const run = Object.hasOwn(known, operation) ? known[operation] : undefined
      if (run === undefined) {
        throw new StepFunctionsError('UnknownOperationException', `${operation} is not implemented`)
      }
      return run(new Input(input))
    },

    machineOfToken(token) {
      const execution = store.tokens.executionOf(token)
      return execution === undefined ? undefined : store.executions.find(execution)?.machine
    },

    resume() {
      for (const { id, deadline } of store.executions.running()) transitions.keepDeadline(id, deadline)
      for (const branch of store.branches.active()) interpreter.advance(branch)
      announcer.notify()
    },

    async stop() {
      calls.stop()
      timers.cancelAll()
      await interpreter.stop()
      timers.cancelAll()
      await announcer.stop()
      store.close()
    },
  }
}
