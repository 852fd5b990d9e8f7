import type { DynamoDBStreamEvent } from 'aws-lambda'
import {
  bus,
  connect,
  log,
  metricsNamespace,
  parked,
  redemption,
  telemetry,
  tokens,
  upgradeExecutions,
  views,
  windowSchedules,
} from '../connections.ts'
import { react } from '../reactor/reactor.ts'

const services = connect({
  log,
  views,
  tokens,
  redemption,
  telemetry,
  parked,
  windowSchedules,
  upgradeExecutions,
  bus,
  metricsNamespace,
})

export const handler = (event: DynamoDBStreamEvent) => react(services, event)
