import { connect, log, parked, upgradeExecutions, viewStore, views, windowSchedules } from '../connections.ts'
import { reconcileAll } from '../reactor/reconcile.ts'

const services = connect({ log, views, viewStore, parked, windowSchedules, upgradeExecutions })

export const handler = (event: unknown) => reconcileAll(services, event)
