import { connect } from '../connections.ts'
import { judgeOpening } from './open-window.ts'

/** Called by the one-shot schedule of a window's opening. */
export const handler = (event: unknown): Promise<void> => {
  const services = connect()
  const { log, views, now } = services
  return judgeOpening({ log, views, now, schedules: () => services.windowSchedules }, event)
}
