import { upgradesEndpoint } from '../api/upgrades.ts'
import { connect, exposure, log, roleClaim, uncallable, views } from '../connections.ts'

export const handler = upgradesEndpoint(connect({ log, views, roleClaim, exposure, uncallable }))
