import * as z from 'zod'
import { approvingRoles } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, seconds, versionName, words } from './fields.ts'

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

const approvals = z
  .strictObject({
    required: z.int().min(1).max(5),
    approvers: z.array(words(256)).min(1).max(20).nullable().default(null),
    role: z.enum(approvingRoles).default('approver'),
    expiresInSeconds: seconds(60, 365 * day).default(7 * day),
  })
  .superRefine(({ approvers, required }, context) => {
    if (!approvers || new Set(approvers).size >= required) return
    const message = `at least ${required} people, as many as are required`
    context.addIssue({ code: 'custom', path: ['approvers'], message })
  })
  .nullable()
  .default(null)
  .describe(
    'Who has to approve a plan, beside whom its request asks for. Nobody approves what they asked for.',
  )

const document = z.strictObject({
  description: words(512).nullable().default(null),
  selector,
  approvals,
  blockedVersions: z.array(versionName).max(100).default([]).describe('Nothing is upgraded to these.'),
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
  document: z.looseObject({ selector: z.looseObject({}) }),
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
    problems: ['policy-too-large', 'too-many-policies', 'conflict'],
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
  withdrawPolicy: {
    summary: 'Take a policy out of service: it binds nothing any more',
    params: byName,
    // Not every client and proxy lets a DELETE have a body, and this one has to come through.
    query: z.strictObject({ reason: words(512) }),
    answers: { 200: { description: 'Out of service.', schema: policy } },
    problems: ['policy-not-found', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
