import type { DynamoDBStreamEvent } from 'aws-lambda'
import {
  bus,
  connect,
  log,
  parked,
  redemption,
  telemetry,
  tokens,
  upgradeMachine,
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
  upgradeMachine,
  bus,
})

export const handler = (event: DynamoDBStreamEvent) => react(services, event)
