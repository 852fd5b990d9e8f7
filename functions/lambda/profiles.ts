import { profilesEndpoint } from '../api/profiles.ts'
import { connect, log, roleClaim, views } from '../connections.ts'

export const handler = profilesEndpoint(connect({ log, views, roleClaim }))
