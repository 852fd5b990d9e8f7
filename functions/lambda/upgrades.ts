import { upgradesEndpoint } from '../api/upgrades.ts'
import { connect, exposure, log, roleClaim, views } from '../connections.ts'

export const handler = upgradesEndpoint(connect({ log, views, roleClaim, exposure }))
