import { after, instantOf } from '../../../events/time.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { endExecution } from '../../domain/upgrade/execution.ts'
import { exists, hasEnded, type PlannedUpgrade, type Requested } from '../../domain/upgrade/state.ts'
import { rouse } from '../../domain/upgrade/tick.ts'
import type { Metadata } from '../../log/log.ts'
import { executionStarts } from '../../patience.ts'
import { upgradeWorkflow } from '../../workflow/upgrade/upgrade.ts'
import { waitsInVain } from '../../workflow/waits.ts'
import { executionName } from '../../workflow/workflow.ts'
import { askInFlight } from '../attempts/expire.ts'
import { withdrawUnaccepted } from '../attempts/withdraw.ts'
import type { Healer, HealingServices } from '../healer.ts'
import { healChildren } from '../upgrades/begin-children.ts'
import { tickUpgrade } from '../upgrades/tick.ts'

/** What is needed to drive an upgrade on. */
type Drive = Pick<HealingServices, 'log' | 'upgradeExecutions' | 'tokens' | 'telemetry' | 'now'>

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

/** An execution that waits for what is over is roused by the reactor, which alone may: a move of the wake-up makes it look. */
async function healWaits(drive: Drive, upgrade: string, cause: Metadata): Promise<void> {
  if (await waitsInVain(upgradeWorkflow, drive, upgrade))
    await drive.log.of(upgradeAggregate, upgrade).carryOut(rouse(), cause)
}

/**
 * Does again what the reactor may have missed for one upgrade: its children, its execution and what that waits for, its clock, what is to be withdrawn, and
 * its members in flight. What is appended for that makes the reactor look after the rest. Returns how many members had to be healed.
 */
export async function driveUpgrade(drive: Drive, upgrade: string, cause: Metadata): Promise<number> {
  const { log, now } = drive
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state)) return 0
  await healChildren(log, upgrade, state, cause)
  let healed = 0
  if (!hasEnded(state)) {
    if (state.execution.restartAt === null) await healExecution(drive, upgrade, state, cause)
    await tickUpgrade(drive, upgrade, cause)
    await withdrawUnaccepted(drive, upgrade, cause)
    healed = await askInFlight(drive, upgrade, cause, instantOf(now()))
  }
  await healWaits(drive, upgrade, cause)
  return healed
}

/** Looks after everything that an upgrade at work asks of the reactor. */
export const drivesUpgrades: Healer = {
  aggregate: upgradeAggregate.name,
  heal: (services, { id, cause }) => driveUpgrade(services, id, cause),
}
