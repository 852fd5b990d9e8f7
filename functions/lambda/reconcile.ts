import { connect, log, parked, upgradeMachine, viewStore, views, windowSchedules } from '../connections.ts'
import { reconcileAll } from '../reactor/reconcile.ts'

const services = connect({ log, views, viewStore, parked, windowSchedules, upgradeMachine })

export const handler = (event: unknown) => reconcileAll(services, event)
