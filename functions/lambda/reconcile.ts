import {
  bus,
  connect,
  log,
  metricsNamespace,
  parked,
  published,
  telemetry,
  tokens,
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
  telemetry,
  tokens,
  windowSchedules,
  upgradeExecutions,
  bus,
  published,
  metricsNamespace,
})

export const handler = (event: unknown) => reconcileAll(services, event)
