import { agentAuthorizer } from '../api/authorizer.ts'
import { connect, log } from '../connections.ts'

export const handler = agentAuthorizer(connect({ log }))
