import { connect, log, telemetry, views } from '../connections.ts'
import { advance } from '../workflow/advance.ts'

const services = connect({ log, views, telemetry })

export const handler = (event: unknown) => advance(services, event)
