import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn'
import { runtimeOfFile } from './file-runtime.ts'

let opened: SFNClient | undefined

function client(): SFNClient {
  opened ??= new SFNClient({
    endpoint: runtimeOfFile().endpoints.AWS_ENDPOINT_URL_SFN ?? '',
    region: 'eu-central-1',
    credentials: runtimeOfFile().administrator,
  })
  return opened
}

type Drives = 'upgrade' | 'rollout' | `procedure-${string}`

function arnOf(name: string, drives: Drives): string {
  const executions = runtimeOfFile().machineArn.replace(':stateMachine:', ':execution:')
  return `${executions.replace(/upgrade$/, drives)}:${name}`
}

/** Returns the state that an execution is in; undefined when there is no such execution yet. */
export async function stateOf(name: string, drives: Drives = 'upgrade'): Promise<string | undefined> {
  const history = new GetExecutionHistoryCommand({
    executionArn: arnOf(name, drives),
    reverseOrder: true,
    maxResults: 100,
  })
  try {
    const { events = [] } = await client().send(history)
    const moved = events.find(({ type }) => /State(Entered|Exited)$/.test(type ?? ''))
    return moved?.stateEnteredEventDetails?.name
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined
    throw error
  }
}

/** Returns how an execution stands. */
export async function standingOf(name: string, drives: Drives = 'upgrade'): Promise<string | undefined> {
  const executionArn = arnOf(name, drives)
  return (await client().send(new DescribeExecutionCommand({ executionArn }))).status
}

/** Stops an execution as somebody in the console would. */
export async function stopExecution(name: string, drives: Drives = 'upgrade'): Promise<void> {
  await client().send(
    new StopExecutionCommand({
      executionArn: arnOf(name, drives),
      error: 'ByHand',
      cause: 'stopped by hand',
    }),
  )
}
