import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { approvingRoles, name, person, words } from './words.ts'

/** Which upgrades a policy binds; null: whatever theirs is. An environment is the value of the tag of that name. */
const selector = z.object({
  components: z.array(name).nullable(),
  types: z.array(name).nullable(),
  regions: z.array(name).nullable(),
  environments: z.array(name).nullable(),
  tags: z.record(name, z.string().max(256)).nullable(),
})
export type PolicySelector = z.output<typeof selector>

/** What every upgrade has to meet that a policy binds, with every default filled in. */
export const policyDocument = z.object({
  description: words.nullable(),
  selector,
  /** Who has to approve a plan, beside whom its request asks for; null: nobody. */
  approvals: z
    .object({
      required: z.int().min(1),
      /** Null: whoever has the role. */
      approvers: z.array(person).nullable(),
      /** An approver, whom an administrator may stand for, or an administrator. */
      role: z.enum(approvingRoles),
      expiresInSeconds: z.int().positive(),
    })
    .nullable(),
  /** Versions that nothing is upgraded to. */
  blockedVersions: z.array(name),
  /** The channels of which a release may be; null: any. */
  allowedChannels: z.array(name).nullable(),
  /** Where a release has to be proven before, and for how long; null: nowhere. */
  testing: z.object({ environments: z.array(name).min(1), minimumSeconds: z.int().min(0) }).nullable(),
  /** The checks that have to have passed a release. */
  complianceChecks: z.array(name),
  /** Calendars: while one of these is closed nobody is handed anything. */
  freezes: z.array(name),
  /** Members of one upgrade in flight at once, at the most; null: as its request says. */
  parallel: z.int().positive().nullable(),
  /** Members of all upgrades together that it binds: in flight at once, and admitted in an hour; left out: any number. */
  together: z.exactOptional(
    z.object({ atOnce: z.int().positive().nullable(), perHour: z.int().positive().nullable() }),
  ),
})
export type PolicyDocument = z.output<typeof policyDocument>

export const ruleEvents = defineEvents({
  /** A policy, under its name; a later document takes the place of the one before, and brings it back into service. */
  PolicyDefined: { schema: z.object({ name, document: policyDocument }) },
  /** It binds nothing any more; it may be defined again. */
  PolicyWithdrawn: { schema: z.object({ name, reason: words }) },
})

export type RuleEvent = EventsOf<typeof ruleEvents>
