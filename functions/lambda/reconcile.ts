import {
  bus,
  connect,
  log,
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
})

export const handler = (event: unknown) => reconcileAll(services, event)
