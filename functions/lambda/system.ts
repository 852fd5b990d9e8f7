import { systemEndpoint } from '../api/system.ts'
import { apiUrl, connect, issuer } from '../connections.ts'

export const handler = systemEndpoint(connect({ apiUrl, issuer }))
