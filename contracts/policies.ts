import * as z from 'zod'
import { approvingRoles } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { deployment } from './deployment.ts'
import { approvers, identifier, listOf, noQuery, seconds, versionName, words } from './fields.ts'

const day = 86_400

const names = (most: number) => z.array(identifier).min(1).max(most).nullable().default(null)

const selector = z
  .strictObject({
    components: names(20),
    types: names(20),
    regions: names(20),
    environments: names(20).describe('Values of the tag environment.'),
    tags: z.record(identifier, z.string().min(1).max(256)).nullable().default(null),
  })
  .prefault({})
  .describe(
    'Which upgrades it binds: each that may take a target of all that stands here. What a request does not say (its regions, types or tags) may be anything; null is any.',
  )

const document = z
  .strictObject({
    description: words(512).nullable().default(null),
    selector,
    approvalRequired: z.boolean().default(false),
    requiredApprovals: z
      .int()
      .min(1)
      .max(3)
      .optional()
      .describe(
        'How many have to approve a plan, beside whom its request asks for; 1 where approvalRequired says no number. Nobody approves what they asked for.',
      ),
    approvers: approvers(20).nullable().default(null).describe('Who may; null: whoever has the role.'),
    approverRole: z
      .enum(approvingRoles)
      .optional()
      .describe('approver, for whom an administrator may stand in, where it is left out; or admin.'),
    approvalExpiresInSeconds: seconds(60, 365 * day)
      .optional()
      .describe('7 days, where it is left out.'),
    testingRequired: z.boolean().default(false),
    testEnvironments: z
      .array(identifier)
      .max(10)
      .default([])
      .describe(
        'Where a release has to be proven before: by an upgrade that named the environment in targets.tags, completed without exceptions minimumTestDuration ago, and was not taken back.',
      ),
    minimumTestDuration: z
      .string()
      .regex(/^[0-9]{1,5}[smhd]$/, 'a whole number of seconds, minutes, hours or days, as 48h')
      .optional(),
    blockedVersions: z.array(versionName).max(100).default([]).describe('Nothing is upgraded to these.'),
    allowedChannels: names(20).describe('The channels of which a release may be; null: any.'),
    complianceChecks: z
      .array(identifier)
      .max(20)
      .default([])
      .describe(
        'Each of them has to have passed the release: POST …/releases/{component}/{version}/verdicts.',
      ),
    freezes: z
      .array(identifier)
      .max(5)
      .default([])
      .describe('Calendars: while one of these is closed nobody is handed anything.'),
    parallel: z
      .int()
      .min(1)
      .max(10_000)
      .nullable()
      .default(null)
      .describe('How many members of one upgrade may be in flight at once, at the most.'),
    together: z
      .strictObject({
        atOnce: z.int().min(1).max(10_000).nullable().default(null).describe('In flight at once.'),
        perHour: z.int().min(1).max(100_000).nullable().default(null).describe('Admitted in any hour.'),
      })
      .nullable()
      .default(null)
      .describe(
        'How many members of all upgrades together that it binds, rollbacks apart: what is free is shared out among them.',
      ),
  })
  .superRefine((policy, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    const { approvers, requiredApprovals, approverRole, approvalExpiresInSeconds } = policy
    const { testingRequired, testEnvironments, minimumTestDuration } = policy
    // A rule that somebody has written and that is not in force would be noticed by nobody.
    const ofApprovals = [approvers ?? undefined, requiredApprovals, approverRole, approvalExpiresInSeconds]
    if (!policy.approvalRequired && ofApprovals.some((one) => one !== undefined))
      refuse('approvalRequired', 'true, as approvals are described')
    if (approvers && new Set(approvers).size < (requiredApprovals ?? 1))
      refuse('approvers', `at least ${requiredApprovals} people, as many as are required`)
    if (policy.together && policy.together.atOnce === null && policy.together.perHour === null)
      refuse('together', 'atOnce, perHour, or both')
    if (testingRequired && testEnvironments.length === 0) refuse('testEnvironments', 'one at least')
    if (!testingRequired && (testEnvironments.length > 0 || minimumTestDuration !== undefined))
      refuse('testingRequired', 'true, as tests are described')
  })
export type PolicyAsked = z.output<typeof document>

const policy = z.object({
  name: z.string(),
  revision: z.int().describe('How often it has been defined.'),
  definedBy: z.string(),
  definedAt: z.string(),
  withdrawn: z
    .object({ reason: z.string(), by: z.string(), at: z.string() })
    .nullable()
    .describe('Why it binds nothing any more; null: it is in service.'),
  document: z.looseObject({}).describe('As it was defined, with every default.'),
})

const byName = z.strictObject({ name: identifier })

export const policyContracts = {
  definePolicy: {
    summary: 'Define what upgrades have to meet, or define it anew',
    params: byName,
    query: noQuery,
    body: document,
    answers: {
      200: { description: 'The policy as it is now.', schema: policy },
      201: { description: 'The policy is defined.', schema: policy },
    },
    problems: ['policy-too-large', 'too-many-policies', 'calendar-not-defined', 'conflict'],
  },
  listPolicies: {
    summary: 'List policies by name, those out of service too',
    query: noQuery,
    answers: { 200: { description: 'All of them, on one page.', schema: listOf('policies', policy) } },
  },
  getPolicy: {
    summary: 'Read a policy',
    tagged: true,
    params: byName,
    query: noQuery,
    answers: { 200: { description: 'The policy.', schema: policy } },
    problems: ['policy-not-found'],
  },
  tryPolicies: {
    summary: 'Say what policies would say to a deploy of this body by whoever asks, and store nothing',
    query: noQuery,
    body: deployment,
    answers: {
      200: {
        description: 'Which policies bind it, and which of their rules it does not meet.',
        schema: z.object({
          met: z.boolean(),
          component: z.string(),
          version: z.string(),
          planHash: z.string().nullable().describe('Null: it would not be planned.'),
          policies: z.array(z.object({ name: z.string(), revision: z.int() })),
          unmet: z.array(
            z.object({
              policy: z.string(),
              code: z.enum([
                'version-blocked',
                'channel-not-allowed',
                'not-tested',
                'check-missing',
                'check-failed',
                'approvers-missing',
              ]),
              detail: z.string(),
              satisfiedBy: z.string(),
              from: z.string().nullable().describe('When it is met by waiting alone; null: by doing.'),
            }),
          ),
          approvals: z.array(
            z.object({
              policy: z.string(),
              required: z.int(),
              approvers: z.array(z.string()).nullable(),
              role: z.enum(approvingRoles),
              expiresInSeconds: z.int(),
            }),
          ),
          frozen: z
            .object({ why: z.string(), until: z.string() })
            .nullable()
            .describe('Which calendar of a policy is closed now; null: none.'),
          parallel: z.int().nullable().describe('How many may be in flight at once; null: as is asked for.'),
        }),
      },
    },
    problems: [
      'release-not-registered',
      'release-withdrawn',
      'release-blocked',
      'release-held-back',
      'release-distrusted',
      'fleet-too-large',
      'nothing-to-upgrade',
      'targets-not-registered',
    ],
  },
  withdrawPolicy: {
    summary: 'Take a policy out of service: it binds nothing any more',
    params: byName,
    // Not every client and proxy lets a DELETE have a body, and this one has to come through.
    query: z.strictObject({ reason: words(512) }),
    answers: { 200: { description: 'Out of service.', schema: policy } },
    problems: ['policy-not-found', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
