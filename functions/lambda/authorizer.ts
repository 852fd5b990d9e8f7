import { agentAuthorizer } from '../api/authorizer.ts'
import { agentDomain, connect, log } from '../connections.ts'

export const handler = agentAuthorizer(connect({ log, agentDomain }))
