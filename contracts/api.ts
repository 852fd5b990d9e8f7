import { agentContracts } from './agents.ts'
import { analyticsContracts } from './analytics.ts'
import { calendarContracts } from './calendars.ts'
import { componentContracts } from './components.ts'
import type { Contract } from './contract.ts'
import { evidenceContracts } from './evidence.ts'
import { licenceContracts } from './licences.ts'
import { mcpContracts } from './mcp.ts'
import { notificationContracts } from './notifications.ts'
import { operationsContracts } from './operations.ts'
import { policyContracts } from './policies.ts'
import { procedureContracts } from './procedures.ts'
import { profileContracts } from './profiles.ts'
import { releaseContracts } from './releases.ts'
import { rolloutContracts } from './rollouts.ts'
import type { Operation } from './routes.ts'
import { systemContracts } from './system.ts'
import { targetUpgradeContracts } from './target-upgrades.ts'
import { targetContracts } from './targets.ts'
import { trustContracts } from './trust.ts'
import { upgradeContracts } from './upgrades.ts'

/** The contract of every operation: a route without one does not compile. */
export const contracts = {
  ...upgradeContracts,
  ...evidenceContracts,
  ...targetUpgradeContracts,
  ...policyContracts,
  ...rolloutContracts,
  ...procedureContracts,
  ...targetContracts,
  ...releaseContracts,
  ...componentContracts,
  ...trustContracts,
  ...licenceContracts,
  ...profileContracts,
  ...calendarContracts,
  ...operationsContracts,
  ...notificationContracts,
  ...analyticsContracts,
  ...agentContracts,
  ...mcpContracts,
  ...systemContracts,
} as const satisfies Record<Operation, Contract>
