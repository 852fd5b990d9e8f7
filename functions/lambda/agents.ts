import { agentsEndpoint } from '../api/agents.ts'
import { assignmentSigner, connect, log, telemetry, views } from '../connections.ts'

export const handler = agentsEndpoint(connect({ log, views, telemetry, assignmentSigner }))
