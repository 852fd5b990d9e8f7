import { mcpEndpoint } from '../api/mcp.ts'
import { connect, exposure, log, probes, roleClaim, telemetry, uncallable, views } from '../connections.ts'

const services = connect({ log, views, telemetry, roleClaim, exposure, probes, uncallable })

/** Who plans for a caller asks nobody when targets were heard of, here as elsewhere. */
function unheard() {
  const { telemetry: _, ...others } = services
  return others
}

// What most calls do not need is loaded when one does.
export const handler = mcpEndpoint(services, {
  operations: async () => (await import('../api/operations.ts')).operationsEndpoint(unheard()),
  profiles: async () => (await import('../api/profiles.ts')).profilesEndpoint(unheard()),
  rollouts: async () => (await import('../api/rollouts.ts')).rolloutsEndpoint(unheard()),
  targets: async () => (await import('../api/targets.ts')).targetsEndpoint(services),
  upgrades: async () => (await import('../api/upgrades.ts')).upgradesEndpoint(unheard()),
})
