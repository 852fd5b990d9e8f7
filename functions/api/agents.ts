import { checkForUpdate } from './agents/check.ts'
import { enrolAgent } from './agents/enrol.ts'
import { reportUpdateStatus } from './agents/report.ts'
import { agentContracts } from './contracts/agents.ts'
import { endpoint } from './http/endpoint.ts'
import { deployedServices, type Services } from './services.ts'

/** Returns the handler of the protocol that targets' agents and gateways speak. */
export function agentsEndpoint(services: () => Services) {
  return endpoint('agents', agentContracts, { enrolAgent, checkForUpdate, reportUpdateStatus }, services)
}

export const handler = agentsEndpoint(deployedServices)
