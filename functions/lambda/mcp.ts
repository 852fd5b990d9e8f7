import { mcpEndpoint } from '../api/mcp.ts'
import { operationsEndpoint } from '../api/operations.ts'
import { profilesEndpoint } from '../api/profiles.ts'
import { rolloutsEndpoint } from '../api/rollouts.ts'
import { targetsEndpoint } from '../api/targets.ts'
import { upgradesEndpoint } from '../api/upgrades.ts'
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

export const handler = mcpEndpoint(services, {
  operations: operationsEndpoint(services),
  profiles: profilesEndpoint(services),
  rollouts: rolloutsEndpoint(services),
  targets: targetsEndpoint({ ...services, telemetry: heard }),
  upgrades: upgradesEndpoint(services),
})
