import { calendarsEndpoint } from '../api/calendars.ts'
import { connect, log, roleClaim, views } from '../connections.ts'

export const handler = calendarsEndpoint(connect({ log, views, roleClaim }))
