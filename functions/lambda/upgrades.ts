import { upgradesEndpoint } from '../api/upgrades.ts'
import { connect, log, roleClaim, views } from '../connections.ts'

export const handler = upgradesEndpoint(connect({ log, views, roleClaim }))
