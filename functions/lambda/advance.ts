import { connect, log, telemetry, views } from '../connections.ts'
import { moveUpgrade } from '../workflow/upgrade/moves.ts'

const services = connect({ log, views, telemetry })

export const handler = (event: unknown) => moveUpgrade(services, event)
