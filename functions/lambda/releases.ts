import { releasesEndpoint } from '../api/releases.ts'
import { connect, log, roleClaim, views } from '../connections.ts'

export const handler = releasesEndpoint(connect({ log, views, roleClaim }))
