import type { PolicyDocument } from '../../../events/rules.ts'
import type { Policy } from '../../../functions/domain/rules/rules.ts'
import { start } from '../given.ts'

/** Of a policy that means every upgrade. */
export const everyUpgrade = { components: null, types: null, regions: null, environments: null, tags: null }

/** Returns a document that asks for nothing but what is said. */
export function documentOf(changes: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    description: null,
    selector: everyUpgrade,
    approvals: null,
    blockedVersions: [],
    allowedChannels: null,
    testing: null,
    complianceChecks: [],
    freezes: [],
    parallel: null,
    ...changes,
  }
}

/** Returns a policy in service. */
export function policyOf(name: string, changes: Partial<PolicyDocument> = {}): Policy {
  const defined = { by: 'admin-1', at: start }
  return { name, revision: 1, document: documentOf(changes), defined, withdrawn: null }
}
