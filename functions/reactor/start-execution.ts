import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import { upgradeEvents } from '../../events/upgrade.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { hasEnded } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { type Duty, eventsIn, holds, streamOf } from './duty.ts'

/** Starts the execution of one generation; starting it twice is starting it once, since its name is its own. */
async function startGeneration(
  client: SFNClient,
  machine: string,
  upgradeId: string,
  generation: number,
): Promise<void> {
  const input = JSON.stringify({ upgradeId, generation })
  const name = `${upgradeId}-${generation}`
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn: machine, name, input }))
  } catch (error) {
    // The name exists when the same generation was started before and has ended since.
    if (!(error instanceof Error && error.name === 'ExecutionAlreadyExists')) throw error
  }
}

/** A generation was decided: its execution is started. Only the reactor starts executions, and its name makes it one. */
export function startExecution({
  log,
  client,
  machine,
}: {
  log: Log
  client: () => SFNClient
  machine: () => string
}): Duty {
  return {
    name: 'start-execution',
    concerns: (commit) => holds(commit, 'ExecutionStarting'),
    async act(commit) {
      const upgradeId = streamOf(commit).id
      for (const { data } of eventsIn(commit, upgradeEvents.decode, 'ExecutionStarting')) {
        const { state } = await log.load(upgradeAggregate, upgradeId)
        if (state.generation !== data.generation || hasEnded(state)) continue
        await startGeneration(client(), machine(), upgradeId, data.generation)
      }
    },
  }
}

/** Returns how an execution stands; undefined when there is none of that name. */
export async function executionStatus(
  client: SFNClient,
  machine: string,
  name: string,
): Promise<string | undefined> {
  const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`
  try {
    return (await client.send(new DescribeExecutionCommand({ executionArn }))).status
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined
    throw error
  }
}
