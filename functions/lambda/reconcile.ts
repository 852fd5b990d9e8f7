import {
  bus,
  connect,
  log,
  metricsNamespace,
  parked,
  published,
  rolloutExecutions,
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
  rolloutExecutions,
  upgradeExecutions,
  bus,
  published,
  metricsNamespace,
})

export const handler = (event: unknown) => reconcileAll(services, event)
