import { StepFunctionsError } from './errors.ts'
import { wireEvent } from './history.ts'
import { type Input, nextToken } from './input.ts'
import { isTooLarge } from './limits.ts'
import type { Starter } from './starter.ts'
import type { Execution } from './store/executions.ts'
import type { Store } from './store/store.ts'
import type { Tokens } from './tokens.ts'
import type { Transitions } from './transitions.ts'
import { validateMachine } from './validate.ts'

type Operation = (input: Input) => Record<string, unknown>

/** What AWS takes as the name of a state machine that CloudWatch can log. */
const machineName = /^[A-Za-z0-9_-]{1,80}$/

/**
 * AWS's operations by name: they take and give the JSON of the 1.0 protocol, where instants are seconds.
 * Each that changes something has stored it when it returns.
 */
export function operations(parts: {
  store: Store
  starter: Starter
  tokens: Tokens
  transitions: Transitions
  roleArn: string
  /** What the ARN of a state machine begins with. */
  arnPrefix: string
  now(): number
}): Readonly<Record<string, Operation>> {
  const { store, starter, tokens, transitions, roleArn, arnPrefix, now } = parts

  const machineAt = (arn: string) =>
    store.machines.find(arn) ?? refuse('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  const executionAt = (arn: string) =>
    store.executions.named(arn) ?? refuse('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`)

  return {
    StartExecution(input) {
      const machine = machineAt(input.text('stateMachineArn'))
      const execution = starter.start(
        machine,
        input.optionalText('name'),
        input.optionalText('input') ?? '{}',
      )
      return { executionArn: execution.arn, startDate: execution.started / 1000 }
    },

    CreateStateMachine(input) {
      const [name, text] = [input.text('name'), input.text('definition')]
      if (!machineName.test(name)) refuse('InvalidName', `Invalid Name: '${name}'`)
      const kind = input.optionalText('type') ?? 'STANDARD'
      if (kind !== 'STANDARD')
        refuse('ValidationException', `One machine runs no state machine of the type ${kind}`)
      input.text('roleArn')
      if (!isJson(text))
        refuse('InvalidDefinition', `Invalid State Machine Definition '${name}': it is no JSON`)
      validateMachine(name, JSON.parse(text))
      const arn = `${arnPrefix}${name}`
      const known = store.machines.find(arn)
      if (known && store.machines.definition(known.definition).text !== text)
        refuse('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`)
      const created = known?.created ?? now()
      if (!known) store.transaction(() => store.machines.keep({ arn, name, created }, text))
      return { stateMachineArn: arn, creationDate: created / 1000 }
    },

    /** Its executions go on: they keep the definition that they started with. One that is not there is deleted (AWS). */
    DeleteStateMachine(input) {
      const arn = input.text('stateMachineArn')
      store.transaction(() => store.machines.remove(arn))
      return {}
    },

    StopExecution(input) {
      const execution = executionAt(input.text('executionArn'))
      const [error, cause] = [input.optionalText('error'), input.optionalText('cause')]
      transitions.atomically(execution.id, () => {
        if (store.executions.find(execution.id)?.status !== 'RUNNING') return false
        const failure = { ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) }
        transitions.end(execution.id, 'ABORTED', null, failure)
        return true
      })
      return { stopDate: (executionAt(execution.arn).stopped ?? 0) / 1000 }
    },

    DescribeExecution(input) {
      const execution = executionAt(input.text('executionArn'))
      const { status, output, error, cause } = execution
      const redrivable = status !== 'RUNNING' && status !== 'SUCCEEDED'
      return {
        ...summary(execution),
        input: execution.input,
        inputDetails: { included: true },
        ...(output !== null && { output, outputDetails: { included: true } }),
        ...(error !== null && { error }),
        ...(cause !== null && { cause }),
        redriveCount: 0,
        redriveStatus: redrivable ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      }
    },

    ListExecutions(input) {
      const machine = machineAt(input.text('stateMachineArn'))
      const size = input.pageSize()
      const below = Number(input.page() ?? Number.MAX_SAFE_INTEGER)
      const found = store.executions.page(machine.arn, input.optionalText('statusFilter'), below, size + 1)
      const page = found.slice(0, size)
      return {
        executions: page.map(summary),
        ...nextToken(found.length > size ? page.at(-1)?.id : undefined),
      }
    },

    GetExecutionHistory(input) {
      const execution = executionAt(input.text('executionArn'))
      const size = input.pageSize()
      const reverse = input.flag('reverseOrder', false)
      const includeData = input.flag('includeExecutionData', true)
      const beyond = Number(input.page() ?? (reverse ? Number.MAX_SAFE_INTEGER : 0))
      const found = store.history.page(execution.id, beyond, size + 1, reverse)
      const page = found.slice(0, size)
      return {
        events: page.map((event) => wireEvent(event, includeData)),
        ...nextToken(found.length > size ? page.at(-1)?.id : undefined),
      }
    },

    SendTaskSuccess(input) {
      const [token, output] = [input.text('taskToken'), input.text('output')]
      if (isTooLarge(output)) refuse('InvalidOutput', 'Invalid Output: it is longer than 262144 bytes')
      if (!isJson(output)) refuse('InvalidOutput', `Invalid Output: '${output}'`)
      tokens.succeed(token, output)
      return {}
    },

    SendTaskFailure(input) {
      const token = input.text('taskToken')
      const [error, cause] = [input.optionalText('error'), input.optionalText('cause')]
      tokens.fail(token, { ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) })
      return {}
    },

    SendTaskHeartbeat(input) {
      tokens.heartbeat(input.text('taskToken'))
      return {}
    },

    DescribeStateMachine(input) {
      const { arn, name, definition, created } = machineAt(input.text('stateMachineArn'))
      return {
        stateMachineArn: arn,
        name,
        status: 'ACTIVE',
        definition: store.machines.definition(definition).text,
        roleArn,
        type: 'STANDARD',
        creationDate: created / 1000,
        loggingConfiguration: { level: 'OFF', includeExecutionData: false },
        tracingConfiguration: { enabled: false },
      }
    },

    ListStateMachines(input) {
      const size = input.pageSize()
      const found = store.machines.page(input.page() ?? '', size + 1)
      const page = found.slice(0, size)
      return {
        stateMachines: page.map(({ arn, name, created }) => ({
          stateMachineArn: arn,
          name,
          type: 'STANDARD',
          creationDate: created / 1000,
        })),
        ...nextToken(found.length > size ? page.at(-1)?.arn : undefined),
      }
    },
  }
}

function summary({ arn, machine, name, status, started, stopped }: Execution): Record<string, unknown> {
  return {
    executionArn: arn,
    stateMachineArn: machine,
    name,
    status,
    startDate: started / 1000,
    ...(stopped !== null && { stopDate: stopped / 1000 }),
  }
}

/** Whether a text is JSON at all. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function refuse(type: string, message: string): never {
  throw new StepFunctionsError(type, message)
}
