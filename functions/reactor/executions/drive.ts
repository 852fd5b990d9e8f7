import { instantOf } from '../../../events/time.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, hasEnded } from '../../domain/upgrade/state.ts'
import { rouse } from '../../domain/wake-up.ts'
import type { Metadata } from '../../log/log.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { upgradeWorkflow } from '../../workflow/upgrade/upgrade.ts'
import { waitsInVain } from '../../workflow/waits.ts'
import { askInFlight } from '../attempts/expire.ts'
import { withdrawUnaccepted } from '../attempts/withdraw.ts'
import type { Healer, HealingServices } from '../healer.ts'
import { healChildren } from '../upgrades/begin-children.ts'
import { tickUpgrade } from '../upgrades/tick.ts'
import { healExecution } from './heal.ts'

/** What is needed to drive an upgrade on. */
type Drive = Pick<HealingServices, 'log' | 'upgradeExecutions' | 'tokens' | 'telemetry' | 'now'>

/** An execution that waits for what is over is roused by the reactor, which alone may: a move of the wake-up makes it look. */
async function healWaits(drive: Drive, upgrade: string, cause: Metadata): Promise<void> {
  if (await waitsInVain(upgradeWorkflow, drive, upgrade))
    await drive.log.of(upgradeAggregate, upgrade).carryOut(rouse(), cause)
}

/**
 * Does again what the reactor may have missed for one upgrade: its children, its execution and what that waits for, its clock, what is to be withdrawn, and
 * its members in flight. What is appended for that makes the reactor look after the rest. Returns how many members had to be healed. What fails of it keeps
 * nothing else from being done: one child, or one member, would keep all others waiting for as long as it fails.
 */
export async function driveUpgrade(drive: Drive, upgrade: string, cause: Metadata): Promise<number> {
  const { log, now } = drive
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state)) return 0
  const each = new OnTheirOwn()
  await each.one('its children', () => healChildren(log, upgrade, state, cause))
  let healed = 0
  if (!hasEnded(state)) {
    const healing = { log, now, executions: drive.upgradeExecutions }
    await each.one('its execution', () => healExecution(upgradeWorkflow, healing, upgrade, state, cause))
    await each.one('its clock', () => tickUpgrade(drive, upgrade, cause))
    await each.one('what is to be withdrawn', () => withdrawUnaccepted(drive, upgrade, cause))
    await each.one('its members in flight', async () => {
      healed = await askInFlight(drive, upgrade, cause, instantOf(now()))
    })
  }
  await each.one('what it waits for', () => healWaits(drive, upgrade, cause))
  each.end()
  return healed
}

/** Looks after everything that an upgrade at work asks of the reactor. */
export const drivesUpgrades: Healer = {
  aggregate: upgradeAggregate.name,
  heal: (services, { id, cause }) => driveUpgrade(services, id, cause),
}
