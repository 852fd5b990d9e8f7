import { agentContracts } from '../../contracts/agents.ts'
import { checkForUpdate } from './agents/check.ts'
import { reportCommand } from './agents/command.ts'
import { enrolAgent } from './agents/enrol.ts'
import { getOfferedManifest } from './agents/manifest.ts'
import { reportUpdateStatus } from './agents/report.ts'
import { endpoint } from './http/endpoint.ts'
import type { Reception, Services } from './services.ts'

/** Returns the handler of the protocol that targets' agents and gateways speak. */
export function agentsEndpoint(services: Services<'telemetry' | 'assignmentSigner'> & Reception) {
  return endpoint(
    'agents',
    agentContracts,
    { enrolAgent, checkForUpdate, getOfferedManifest, reportCommand, reportUpdateStatus },
    services,
  )
}
