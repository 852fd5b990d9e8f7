import type { SFNClient } from '@aws-sdk/client-sfn'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { endExecution } from '../domain/upgrade/lifecycle.ts'
import { exists, hasEnded, type UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { healMembers } from './heal-members.ts'
import { executionStatus } from './start-execution.ts'
import { tickUpgrade } from './tick.ts'

/** What is needed to drive an upgrade on. */
export interface Drive {
  readonly log: Log
  readonly client: () => SFNClient
  readonly machine: () => string
  now(): number
}

/** So long, in milliseconds, an execution that was decided may be on its way to its start: it is not missing yet. */
const reactorTakes = 5 * 60_000

/** Tells the log when the present execution is over or was never started; the reactor then starts the next generation. */
async function healExecution(
  drive: Drive,
  upgrade: string,
  { generation, generationAt }: UpgradeState,
  correlation: string,
): Promise<void> {
  const status = await executionStatus(drive.client(), drive.machine(), `${upgrade}-${generation}`)
  if (status === 'RUNNING') return
  if (status === undefined && drive.now() - Date.parse(generationAt ?? '') < reactorTakes) return
  const ended = endExecution({ generation, status: status ?? 'NOT_STARTED', cause: 'found by reconcile' })
  const metadata = { actor: systemActor, correlation }
  settled(
    `upgrade#${upgrade}`,
    await drive.log.execute(upgradeAggregate, upgrade, ended, metadata, { retryFor: 5000 }),
  )
}

/**
 * Does again what the reactor may have missed for one upgrade: its execution, its clock and its members in flight. What is appended for
 * that makes the reactor look after the rest. Returns how many members had to be healed.
 */
export async function driveUpgrade(drive: Drive, upgrade: string, correlation: string): Promise<number> {
  const { state } = await drive.log.load(upgradeAggregate, upgrade)
  if (!exists(state) || hasEnded(state)) return 0
  if (state.restartAt === null) await healExecution(drive, upgrade, state, correlation)
  await tickUpgrade(drive.log, upgrade, { correlation })
  const metadata = { actor: systemActor, correlation }
  return healMembers({ log: drive.log, metadata, at: drive.now() }, upgrade)
}
