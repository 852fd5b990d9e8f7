import { releasesEndpoint } from '../api/releases.ts'
import { assignmentKey, connect, log, roleClaim, unsignedReleases, views } from '../connections.ts'

export const handler = releasesEndpoint(connect({ log, views, roleClaim, unsignedReleases, assignmentKey }))
