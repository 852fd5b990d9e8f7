import { operationsEndpoint } from '../api/operations.ts'
import { connect, log, roleClaim, views } from '../connections.ts'

export const handler = operationsEndpoint(connect({ log, views, roleClaim }))
