import { mcpEndpoint } from '../api/mcp.ts'
import { connect, exposure, log, probes, roleClaim, telemetry, uncallable, views } from '../connections.ts'

// Who plans for a caller asks nobody when targets were heard of, here as elsewhere.
const { telemetry: heard, ...services } = connect({
  log,
  views,
  telemetry,
  roleClaim,
  exposure,
  probes,
  uncallable,
})

// What most calls do not need is loaded when one does.
export const handler = mcpEndpoint(services, {
  operations: async () => (await import('../api/operations.ts')).operationsEndpoint(services),
  profiles: async () => (await import('../api/profiles.ts')).profilesEndpoint(services),
  rollouts: async () => (await import('../api/rollouts.ts')).rolloutsEndpoint(services),
  targets: async () => (await import('../api/targets.ts')).targetsEndpoint({ ...services, telemetry: heard }),
  upgrades: async () => (await import('../api/upgrades.ts')).upgradesEndpoint(services),
})
