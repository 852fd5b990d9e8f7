import { proceduresEndpoint } from '../api/procedures.ts'
import { callbacks, connect, log, roleClaim, views } from '../connections.ts'

export const handler = proceduresEndpoint(connect({ log, views, roleClaim, callbacks }))
