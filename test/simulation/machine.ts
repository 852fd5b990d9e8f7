import type { SFNClient } from '@aws-sdk/client-sfn'
import type { MachineSettings } from '../../functions/work/procedure-machines.ts'
import { definitionOf } from '../../infra/constructs/definition.ts'
import { openStepFunctions, type StepFunctions } from '../../infra/local/stepfunctions/engine.ts'
import type { SimulatedClock } from './clock.ts'
import type { Process } from './process.ts'

/** What the definitions call their tasks, and the entry file of each. */
const tasks = {
  AdvanceFunction: 'advance',
  AwaitFunction: 'await',
  AdvanceRolloutFunction: 'advance-rollout',
  AwaitRolloutFunction: 'await-rollout',
}

function definition(machine: string): unknown {
  const text = JSON.stringify(definitionOf(machine))
  return JSON.parse(
    Object.entries(tasks).reduce((written, [as, name]) => written.replaceAll(`\${${as}}`, name), text),
  )
}

export interface StatusChange {
  readonly detail: { readonly name: string; readonly status: string; readonly stateMachineArn: string }
}

export interface Execution {
  readonly name: string
  readonly executionArn: string
}

/** The real state machines on the engine of one machine. */
export interface Machines {
  readonly upgrade: string
  readonly rollout: string
  /** What those of procedures are made with. */
  readonly procedures: MachineSettings
  readonly engine: StepFunctions
  /** How often each token ended a wait. */
  readonly redemptions: ReadonlyMap<string, number>
  /** Returns a client as a process holds it. `turn` is waited for before each request. */
  client(process: Process, turn: () => Promise<void>): SFNClient
  /** The executions that run. */
  running(): Execution[]
  stopByHand(execution: Execution): void
}

/** Opens the machine in memory. */
export function openMachine(options: {
  clock: SimulatedClock
  invoke(name: string, payload: unknown): Promise<unknown>
  emit(event: StatusChange): void
}): Machines {
  const engine = openStepFunctions({
    file: ':memory:',
    clock: options.clock,
    invoke: options.invoke,
    async emit(event) {
      options.emit(event as StatusChange & typeof event) // the engine emits nothing but changes of status
    },
  })
  const create = (name: string) => engine.createStateMachine({ name, definition: definition(name) })
  const [upgrade, rollout] = [create('upgrade'), create('rollout')]
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
    upgrade,
    rollout,
    procedures: {
      prefix: `${upgrade.slice(0, upgrade.lastIndexOf(':') + 1)}procedure-`,
      ...{ roleArn: 'role', logGroupArn: 'logs', tasks: { step: 'step', helm: 'helm' } },
    },
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
      const running: Execution[] = []
      const { stateMachines } = engine.request('ListStateMachines', { maxResults: 1000 }) as {
        stateMachines: { stateMachineArn: string }[]
      } // AWS's own answer
      for (const { stateMachineArn } of stateMachines) {
        let nextToken: string | undefined
        do {
          const page = engine.request('ListExecutions', {
            stateMachineArn,
            statusFilter: 'RUNNING',
            ...(nextToken !== undefined && { nextToken }),
          }) as { executions: Execution[]; nextToken?: string } // AWS's own answer
          running.push(...page.executions)
          nextToken = page.nextToken
        } while (nextToken !== undefined)
      }
      return running
    },
    stopByHand({ executionArn }) {
      void engine.request('StopExecution', { executionArn, cause: 'stopped by hand' })
    },
  }
}
