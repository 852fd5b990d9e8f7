import type { Connections } from '../connections.ts'
import { sideBySide } from '../side-by-side.ts'
import { tickUpgrade } from './tick.ts'

/** Tells each live upgrade whose time has come what time it is. Runs every minute. */
export async function tickDue({
  log,
  views,
  now,
}: Pick<Connections, 'log' | 'views' | 'now'>): Promise<{ ticked: number }> {
  const instant = new Date(now()).toISOString()
  const due = await Array.fromAsync(views.dueUpgrades(instant))
  await sideBySide(due, 8, ({ upgrade }) => tickUpgrade(log, upgrade, { correlation: `tick-${instant}` }))
  return { ticked: due.length }
}
