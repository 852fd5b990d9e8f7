import {
  bus,
  connect,
  deadLetters,
  log,
  metricsNamespace,
  parked,
  procedureMachines,
  progress,
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
  deadLetters,
  views,
  viewStore,
  parked,
  progress,
  telemetry,
  tokens,
  windowSchedules,
  rolloutExecutions,
  upgradeExecutions,
  procedureMachines,
  bus,
  published,
  metricsNamespace,
})

export const handler = (event: unknown) => reconcileAll(services, event)
