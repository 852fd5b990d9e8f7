import { connect } from '../connections.ts'
import { sideBySide } from '../views/side-by-side.ts'
import { tickUpgrade } from './tick.ts'

/** Every minute: each live upgrade whose time has come is told so. */
export async function handler(): Promise<{ ticked: number }> {
  const { log, views, now } = connect()
  const instant = new Date(now()).toISOString()
  const due = await Array.fromAsync(views.dueUpgrades(instant))
  await sideBySide(due, 8, ({ upgrade }) => tickUpgrade(log, upgrade, { correlation: `tick-${instant}` }))
  return { ticked: due.length }
}
