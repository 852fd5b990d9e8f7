import { evidenceEndpoint } from '../api/evidence.ts'
import { connect, keptHeads, log, roleClaim } from '../connections.ts'

export const handler = evidenceEndpoint(connect({ log, keptHeads, roleClaim }))
