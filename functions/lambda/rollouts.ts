import { rolloutsEndpoint } from '../api/rollouts.ts'
import { connect, exposure, log, probes, roleClaim, uncallable, views } from '../connections.ts'

export const handler = rolloutsEndpoint(connect({ log, views, roleClaim, exposure, probes, uncallable }))
