import {
  connect,
  log,
  metricsNamespace,
  parked,
  upgradeExecutions,
  viewStore,
  views,
  windowSchedules,
} from '../connections.ts'
import { reconcileAll } from '../reactor/reconcile.ts'

const services = connect({
  log,
  views,
  viewStore,
  parked,
  windowSchedules,
  upgradeExecutions,
  metricsNamespace,
})

export const handler = (event: unknown) => reconcileAll(services, event)
