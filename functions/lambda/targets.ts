import { targetsEndpoint } from '../api/targets.ts'
import { connect, log, roleClaim, telemetry, views } from '../connections.ts'

export const handler = targetsEndpoint(connect({ log, views, telemetry, roleClaim }))
