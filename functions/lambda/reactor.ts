import {
  bus,
  connect,
  log,
  metricsNamespace,
  parked,
  procedureMachines,
  published,
  redemption,
  repeats,
  rolloutExecutions,
  telemetry,
  tokens,
  upgradeExecutions,
  views,
  windowSchedules,
} from '../connections.ts'
import { reactor } from '../reactor/reactor.ts'

const services = connect({
  log,
  views,
  tokens,
  redemption,
  telemetry,
  parked,
  repeats,
  windowSchedules,
  rolloutExecutions,
  upgradeExecutions,
  procedureMachines,
  bus,
  metricsNamespace,
  published,
})

export const handler = reactor(services)
