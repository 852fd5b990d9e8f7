import { connect, log, views, windowSchedules } from '../connections.ts'
import { judgeOpening } from '../reactor/profiles/open-window.ts'

const services = connect({ log, views, windowSchedules })

export const handler = (event: unknown) => judgeOpening(services, event)
