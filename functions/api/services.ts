import { connect } from '../connections.ts'
import { environment } from '../environment.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import type { Telemetry } from '../work/telemetry.ts'
import { type AccessLine, printLine } from './http/access-log.ts'

/** What operations reach. */
export interface Services {
  readonly log: Log
  readonly views: Views
  readonly telemetry: Telemetry
  /** The claim of a token that lists the roles. */
  readonly roleClaim: string
  /** Takes the line about each request. */
  record(line: AccessLine): void
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

const deployed: Services = {
  get log() {
    return connect().log
  },
  get views() {
    return connect().views
  },
  get telemetry() {
    return connect().telemetry
  },
  get roleClaim() {
    return environment('roleClaim')
  },
  record: printLine,
  now: () => connect().now(),
}

/** Returns the services of the deployed stack; each part is opened when it is first used. */
export function deployedServices(): Services {
  return deployed
}
