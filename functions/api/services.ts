import { connect } from '../connections.ts'
import { environment } from '../environment.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/read.ts'
import { openTelemetry, type Telemetry } from '../work/telemetry.ts'

/** What operations reach. */
export interface Services {
  readonly log: Log
  readonly views: Views
  readonly telemetry: Telemetry
  /** The claim of a token that lists the roles. */
  readonly roleClaim: string
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

let opened: Services | undefined

function open(): Services {
  const connections = connect()
  let telemetry: Telemetry | undefined
  return {
    get log() {
      return connections.log
    },
    get views() {
      return connections.views
    },
    get telemetry() {
      telemetry ??= openTelemetry({
        client: connections.dynamo,
        table: environment('workTable'),
        now: connections.now,
      })
      return telemetry
    },
    get roleClaim() {
      return environment('roleClaim')
    },
    now: connections.now,
  }
}

/** Returns the services of the deployed stack; warm invocations share them, and each part is opened when it is first used. */
export function deployedServices(): Services {
  opened ??= open()
  return opened
}
