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
import { countIn } from '../metrics.ts'
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
countIn(services.metricsNamespace)

export const handler = (event: unknown) => reconcileAll(services, event)
