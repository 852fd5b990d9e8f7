import { after, instantOf } from '../../../events/time.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { endExecution } from '../../domain/upgrade/execution.ts'
import { exists, hasEnded, type PlannedUpgrade, type Requested } from '../../domain/upgrade/state.ts'
import type { Metadata } from '../../log/log.ts'
import { executionStarts } from '../../patience.ts'
import { executionName } from '../../workflow/workflow.ts'
import { healMembers } from '../attempts/heal.ts'
import type { ReactorServices } from '../services.ts'
import { healChildren } from '../upgrades/begin-children.ts'
import { tickUpgrade } from '../upgrades/tick.ts'

/** What is needed to drive an upgrade on. */
type Drive = Pick<ReactorServices, 'log' | 'upgradeExecutions' | 'now'>

/** Tells the log when the present execution is over or was never started; the reactor then starts the next generation. */
async function healExecution(
  { log, upgradeExecutions, now }: Drive,
  id: string,
  { standing: { generation }, execution }: Requested | PlannedUpgrade,
  cause: Metadata,
): Promise<void> {
  const status = await upgradeExecutions.statusOf(executionName({ id, generation }))
  if (status === 'RUNNING') return
  if (status === undefined && instantOf(now()) < after(execution.since, executionStarts)) return
  const ended = endExecution({ generation, status: status ?? 'NOT_STARTED', cause: 'found by reconcile' })
  await log.of(upgradeAggregate, id).carryOut(ended, cause)
}

/**
 * Does again what the reactor may have missed for one upgrade: its execution, its clock and its members in flight. What is appended for
 * that makes the reactor look after the rest. Returns how many members had to be healed.
 */
export async function driveUpgrade(drive: Drive, upgrade: string, cause: Metadata): Promise<number> {
  const { log, now } = drive
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state)) return 0
  await healChildren(log, upgrade, state, cause)
  if (hasEnded(state)) return 0
  if (state.execution.restartAt === null) await healExecution(drive, upgrade, state, cause)
  await tickUpgrade(drive, upgrade, cause)
  return healMembers(drive, upgrade, cause, instantOf(now()))
}
