import { releasesEndpoint } from '../api/releases.ts'
import { connect, log, roleClaim, unsignedReleases, views } from '../connections.ts'

export const handler = releasesEndpoint(connect({ log, views, roleClaim, unsignedReleases }))
