import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'

/** The executions of one state machine. */
export interface Executions {
  /** Starts the execution of a name. One of that name that was started before, and may have ended since, is not started again. */
  start(name: string, input: object): Promise<void>
  /** Returns how an execution stands, in the words of Step Functions; undefined when there is none of that name. */
  statusOf(name: string): Promise<string | undefined>
}

/** Opens the executions of a state machine with Step Functions. */
export function openExecutions({
  client,
  machineArn,
}: {
  readonly client: SFNClient
  readonly machineArn: string
}): Executions {
  return {
    async start(name, input) {
      try {
        await client.send(
          new StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify(input) }),
        )
      } catch (error) {
        if (!(error instanceof Error && error.name === 'ExecutionAlreadyExists')) throw error
      }
    },
    async statusOf(name) {
      const executionArn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`
      try {
        return (await client.send(new DescribeExecutionCommand({ executionArn }))).status
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined
        throw error
      }
    },
  }
}
