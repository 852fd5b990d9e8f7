import type { SFNClient } from '@aws-sdk/client-sfn'
import { definitionOf } from '../../infra/constructs/definition.ts'
import { openStepFunctions, type StepFunctions } from '../../infra/local/stepfunctions/engine.ts'
import type { SimulatedClock } from './clock.ts'
import type { Process } from './process.ts'

const definition: unknown = JSON.parse(
  JSON.stringify(definitionOf('upgrade'))
    .replaceAll('$' + '{AdvanceFunction}', 'advance')
    .replaceAll('$' + '{AwaitFunction}', 'await'),
)

export interface StatusChange {
  readonly detail: { readonly name: string; readonly status: string }
}

/** The real state machine on the engine of one machine. */
export interface UpgradeMachine {
  readonly arn: string
  readonly engine: StepFunctions
  /** How often each token ended a wait. */
  readonly redemptions: ReadonlyMap<string, number>
  /** Returns a client as a process holds it. `turn` is waited for before each request. */
  client(process: Process, turn: () => Promise<void>): SFNClient
  /** Names of the executions that run. */
  running(): string[]
  stopByHand(name: string): void
}

/** Opens the machine in memory. */
export function openMachine(options: {
  clock: SimulatedClock
  invoke(name: string, payload: unknown): Promise<unknown>
  emit(event: StatusChange): void
}): UpgradeMachine {
  const engine = openStepFunctions({
    file: ':memory:',
    clock: options.clock,
    invoke: options.invoke,
    async emit(event) {
      options.emit(event as StatusChange & typeof event) // the engine emits nothing but changes of status
    },
  })
  const arn = engine.createStateMachine({ name: 'upgrade', definition })
  const redemptions = new Map<string, number>()

  function request(operation: string, input: { taskToken?: string }): unknown {
    try {
      const answer = engine.request(operation, input)
      if (input.taskToken !== undefined)
        redemptions.set(input.taskToken, (redemptions.get(input.taskToken) ?? 0) + 1)
      return answer
    } catch (error) {
      if (!(error instanceof Error) || !('type' in error)) throw error
      throw Object.assign(new Error(error.message), { name: String(error.type) })
    }
  }

  return {
    arn,
    engine,
    redemptions,
    client: (process, turn) =>
      ({
        send: (command: { constructor: { name: string }; input: object }) =>
          process.write(async () => {
            await turn()
            return request(command.constructor.name.replace(/Command$/, ''), command.input)
          }),
      }) as unknown as SFNClient, // the duties call nothing but `send`
    running() {
      const names: string[] = []
      let nextToken: string | undefined
      do {
        const page = engine.request('ListExecutions', {
          stateMachineArn: arn,
          statusFilter: 'RUNNING',
          ...(nextToken !== undefined && { nextToken }),
        }) as { executions: { name: string }[]; nextToken?: string } // AWS's own answer
        names.push(...page.executions.map(({ name }) => name))
        nextToken = page.nextToken
      } while (nextToken !== undefined)
      return names
    },
    stopByHand(name) {
      const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:${name}`
      void engine.request('StopExecution', { executionArn, cause: 'stopped by hand' })
    },
  }
}
