import { connect, exposure, log, telemetry, views } from '../connections.ts'
import { moveUpgrade } from '../workflow/upgrade/moves.ts'

const services = connect({ log, views, telemetry, exposure })

export const handler = (event: unknown) => moveUpgrade(services, event)
