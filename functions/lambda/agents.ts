import { agentsEndpoint } from '../api/agents.ts'
import { agentDomain, assignmentSigner, connect, log, telemetry, views } from '../connections.ts'

export const handler = agentsEndpoint(connect({ log, views, telemetry, assignmentSigner, agentDomain }))
