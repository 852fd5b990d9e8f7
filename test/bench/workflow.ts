import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { paginateGetExecutionHistory, paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn'
import type { World } from './world.ts'

/** What the executions of one upgrade did. */
export interface Workflow {
  readonly executions: number
  /** Each entry into a state is one, as AWS charges it. */
  readonly transitions: number
  readonly historyEvents: number
  /** Waits for a token. */
  readonly tokens: number
}

/** Counts in the histories of all executions of an upgrade; of all upgrades where none is named. */
export async function workflowOf({ runtime }: World, upgradeId?: string): Promise<Workflow> {
  const endpoint = String(runtime.endpoints.AWS_ENDPOINT_URL_SFN)
  const client = new SFNClient({ endpoint, region: 'eu-central-1', credentials: runtime.administrator })
  const stateMachineArn = runtime.variables.UPGRADE_MACHINE_ARN
  const found = { executions: 0, transitions: 0, historyEvents: 0, tokens: 0 }
  for await (const { executions } of paginateListExecutions({ client }, { stateMachineArn })) {
    for (const { name, executionArn } of executions ?? []) {
      if (upgradeId !== undefined && !name?.startsWith(`${upgradeId}-`)) continue
      found.executions += 1
      for await (const { events } of paginateGetExecutionHistory({ client }, { executionArn })) {
        for (const { type } of events ?? []) {
          found.historyEvents += 1
          if (type?.endsWith('StateEntered')) found.transitions += 1
          if (type === 'TaskSubmitted') found.tokens += 1
        }
      }
    }
  }
  client.destroy()
  return found
}

/** Counts the events about an upgrade, about all where none is named, that the bus has stored in its archive of everything. */
export function busEventsOf({ data }: World, upgradeId: string | null = null): number {
  const database = new DatabaseSync(join(data, 'events.sqlite'), { readOnly: true })
  try {
    const row = database
      .prepare(
        "SELECT count(*) AS found FROM archived WHERE ?1 IS NULL OR json_extract(event, '$.detail.upgradeId') = ?1",
      )
      .get(upgradeId)
    return Number(row?.found)
  } finally {
    database.close()
  }
}
