import {
  bus,
  connect,
  log,
  metricsNamespace,
  parked,
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
  bus,
  metricsNamespace,
  published,
})

export const handler = reactor(services)
