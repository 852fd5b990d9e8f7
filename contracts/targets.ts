import * as z from 'zod'
import { instant } from '../events/words.ts'
import type { Contract } from './contract.ts'
import {
  byId,
  identifier,
  listOf,
  noQuery,
  paging,
  targetEnvironment,
  truth,
  versionName,
  within,
  words,
} from './fields.ts'
import { licenceName } from './licences.ts'

/** At most so many targets in one request. */
export const mostTargets = 5000

/** As many bytes of JSON as all tags of a target may have: one event holds them with its components and what is where it runs. */
const bytesOfTags = 24_000

const tags = z
  .record(identifier, z.string().min(1).max(256))
  .refine((all) => Object.keys(all).length <= 50, 'at most 50 tags')
  .refine(...within(bytesOfTags))
const facts = {
  type: identifier,
  region: identifier.nullable(),
  tags,
  critical: z.boolean(),
  namespace: identifier.nullable(),
  gateway: identifier.nullable(),
}
const environment = targetEnvironment.describe(
  'What is where it runs, by what manifests ask for: {"database": "PostgreSQL 15.4"}. Its agent may say so itself; what nobody has said, the control plane judges nothing by.',
)
const components = z
  .record(identifier, versionName)
  .refine((all) => Object.keys(all).length <= 50, 'at most 50 components')

/** A target as it is registered. */
export const registration = z.strictObject({
  id: identifier,
  type: facts.type.default('customer'),
  region: facts.region.default(null),
  tags: facts.tags.default({}),
  critical: facts.critical.default(false),
  namespace: facts.namespace.optional(),
  gateway: facts.gateway.default(null),
  environment: environment.exactOptional(),
  components: components.default({}),
})
export type Registration = z.output<typeof registration>

const one = registration.extend({ enrol: z.boolean().default(false) })
const many = z.strictObject({
  targets: z.array(registration).min(1).max(mostTargets),
  enrol: z.boolean().default(false),
})

/** A body with `targets` is meant as many, whatever else is wrong with it: so the errors name the right fields. */
const registrations = z
  .union([many, one])
  .meta({ description: 'One target, or { targets: [up to 5,000] }, of a megabyte at most.' })

const lastSeenAt = z
  .string()
  .nullable()
  .describe(
    'When its agent was last heard of, noted every half an hour at most; null: never in the last 30 days.',
  )

const clones = z
  .object({
    since: z.string(),
    lastAt: z.string(),
    bootIds: z.array(z.string()).describe('The two that took turns within an hour, as X-Boot-Id named them.'),
    contradiction: z
      .object({ attempt: z.string(), recorded: z.string(), reported: z.string() })
      .nullable()
      .describe('Two ends of one attempt that were both reported.'),
  })
  .nullable()
  .describe('By what it was noticed that two machines speak with one credential; null: nothing, in 30 days.')

const target = z.object({
  id: z.string(),
  type: z.string(),
  region: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  critical: z.boolean(),
  namespace: z.string().nullable(),
  gateway: z.string().nullable(),
  environment: z.record(z.string(), z.string()).describe('What is where it runs; empty: nobody has said.'),
  components: z.record(z.string(), z.string()),
  licence: z.string().nullable().describe('Its licence, by the hash of its key; null: it has none.'),
  drift: z
    .record(z.string(), z.object({ from: z.string(), to: z.string(), since: z.string() }))
    .describe(
      'The components that run something else than what was put there, as the target says: what it was, what it is, since when.',
    ),
  pin: z.object({ component: z.string().nullable(), reason: z.string() }).nullable(),
  retired: z.object({ reason: z.string() }).nullable(),
  enrolled: z.boolean(),
  lastSeenAt,
})

const targetInList = target.extend({
  lastOutcome: z.looseObject({}).nullable(),
  updatedAt: z.string(),
})

const attempt = z.object({
  attempt: z.string(),
  upgradeId: z.string(),
  component: z.string(),
  from: z.string(),
  to: z.string(),
})

const targetDetail = target.extend({
  active: attempt
    .extend({
      acceptBy: z.string(),
      acceptedAt: z.string().nullable(),
      deadline: z.string().nullable(),
    })
    .nullable(),
  attempts: z.array(
    attempt.extend({
      outcome: z.string(),
      code: z.string().nullable(),
      endedAt: z.string(),
      regression: z
        .object({
          outcome: z.string(),
          code: z.string().nullable(),
          at: z.string(),
          recoveredAt: z.string().nullable(),
        })
        .nullable()
        .describe('What the target said of it after it had succeeded; null: nothing else.'),
    }),
  ),
  clones,
  commit: z.int(),
})

const result = z.object({
  id: z.string(),
  status: z.enum(['registered', 'exists', 'failed']),
  enrolmentToken: z.string().optional(),
  expiresAt: z.string().optional(),
  error: z.object({ code: z.string(), detail: z.string() }).optional(),
})

const changed = { description: 'The target as it is now.', schema: targetDetail }
const reason = words(512)

export const targetContracts = {
  registerTargets: {
    summary: 'Register one target or thousands',
    query: noQuery,
    body: registrations,
    largestBody: 1024 * 1024,
    answers: {
      201: { description: 'The one target is registered.', schema: result },
      200: {
        description: 'The result of each, or the one target was registered before with the same content.',
        schema: z.union([
          z.object({
            count: z.int(),
            registered: z.int(),
            exists: z.int(),
            failed: z.int(),
            targets: z.array(result),
          }),
          result,
        ]),
      },
    },
    problems: ['gateway-invalid', 'conflict'],
  },
  listTargets: {
    summary: 'List targets by id',
    query: z.strictObject({
      ...paging,
      component: identifier.optional(),
      version: versionName.optional(),
      type: identifier.optional(),
      region: identifier.optional(),
      tag: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._:-]*=[^,]+(,[A-Za-z0-9][A-Za-z0-9._:-]*=[^,]+)*$/,
          'name=value, more with commas',
        )
        .max(1024)
        .optional(),
      retired: truth.optional(),
    }),
    answers: { 200: { description: 'One page.', schema: listOf('targets', targetInList) } },
  },
  getTarget: {
    summary: 'Read a target with its attempts',
    tagged: true,
    params: byId,
    query: noQuery,
    answers: { 200: changed },
    problems: ['target-not-found'],
  },
  patchTarget: {
    summary: 'Change facts about a target; what is left out stays',
    params: byId,
    query: noQuery,
    body: z
      .strictObject({ ...facts, environment })
      .partial()
      .refine((changes) => Object.keys(changes).length > 0, 'at least one field'),
    answers: { 200: changed },
    problems: ['target-not-found', 'gateway-invalid', 'conflict'],
  },
  setTargetLicence: {
    summary: 'Say which licence a target has, where its agent presents no key',
    params: byId,
    query: noQuery,
    body: z.strictObject({ licence: licenceName.nullable() }),
    answers: { 200: changed },
    problems: ['licence-revoked', 'target-not-found', 'licence-not-found', 'conflict'],
  },
  pinTarget: {
    summary: 'Keep a target, or one component of it, at what it runs',
    params: byId,
    query: noQuery,
    body: z.strictObject({ component: identifier.nullable().default(null), reason }),
    answers: { 200: changed },
    problems: ['target-not-found', 'conflict'],
  },
  unpinTarget: {
    summary: 'Let a target be upgraded again',
    params: byId,
    query: noQuery,
    answers: { 200: changed },
    problems: ['target-not-found', 'conflict'],
  },
  retireTarget: {
    summary: 'Take a target out of service for good; its credentials are void at once',
    params: byId,
    query: noQuery,
    body: z.strictObject({ reason, force: z.boolean().default(false) }),
    answers: { 200: changed },
    problems: ['target-not-found', 'conflict'],
  },
  issueEnrolment: {
    summary: "Issue a one-time token by which a target's agent enrols",
    params: byId,
    query: noQuery,
    body: z.strictObject({}),
    absentBody: {},
    answers: {
      201: {
        description: 'The token; it is shown once and kept as a hash only.',
        schema: z.object({
          id: z.string(),
          enrolmentToken: z.string(),
          expiresAt: z.string(),
          endsToken: z
            .boolean()
            .describe('Was one issued before that had not been used? It is void from now on.'),
          enrolled: z
            .boolean()
            .describe('Has an agent enrolled before? Its credential ends once the new token is used.'),
        }),
      },
    },
    problems: ['target-not-found', 'conflict'],
  },
  explainTarget: {
    summary: 'Say why a target is, or is not, being upgraded',
    params: byId,
    query: z.strictObject({ at: instant.optional(), upgradeId: identifier.optional() }),
    answers: {
      200: {
        description: 'The verdict, and the facts in the log that it follows from.',
        schema: z.object({
          id: z.string(),
          at: z.string(),
          lastSeenAt: lastSeenAt.describe(
            'As of now, even where `at` asks about the past: it is no event of the log.',
          ),
          clones: clones.describe(
            'As the answer about the target has it, and as of now, even where `at` asks about the past.',
          ),
          lookedThrough: z
            .object({ upgrades: z.int(), all: z.boolean() })
            .nullable()
            .describe(
              'How many live upgrades were looked through for the target (50 at most), and whether those were all there are now; null: one was asked about.',
            ),
          verdict: z.enum(['updating', 'offered', 'eligible', 'blocked', 'waiting', 'done']),
          sentence: z.string(),
          reasons: z.array(
            z.object({
              code: z.string(),
              detail: z.string(),
              ref: z.string().describe('The stream and the commit that say so.'),
              since: z.string().optional(),
              unblock: z.string().optional().describe('What would change it.'),
            }),
          ),
        }),
      },
    },
    problems: ['target-not-found', 'upgrade-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
