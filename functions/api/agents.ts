import { agentContracts } from '../../contracts/agents.ts'
import { checkForUpdate } from './agents/check.ts'
import { enrolAgent } from './agents/enrol.ts'
import { getOfferedManifest } from './agents/manifest.ts'
import { reportUpdateStatus } from './agents/report.ts'
import { endpoint } from './http/endpoint.ts'
import type { ReceptionOfAgents, Services } from './services.ts'

/** What runs procedures is loaded for those that have one. */
const reportCommand: typeof import('./agents/command.ts').reportCommand = async (input, services) => {
  const command = await import('./agents/command.ts')
  return command.reportCommand(input, services)
}

/** Returns the handler of the protocol that targets' agents and gateways speak. */
export function agentsEndpoint(services: Services<'telemetry' | 'assignmentSigner'> & ReceptionOfAgents) {
  return endpoint(
    'agents',
    agentContracts,
    { enrolAgent, checkForUpdate, getOfferedManifest, reportCommand, reportUpdateStatus },
    services,
  )
}
