import * as z from 'zod'
import { upgradeKinds } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { bootId, identifier, noQuery, targetEnvironment, truth, versionName } from './fields.ts'
import { toldEnd } from './procedures.ts'
import { signature } from './releases.ts'

const offer = z.object({
  updateAvailable: z.literal(true),
  version: z.string(),
  mandatory: z.boolean(),
  releaseNotes: z.string().nullable(),
  downloadUrl: z
    .string()
    .nullable()
    .describe(
      'Where the artifact lies, of a release that has one and says so; of several each part says so in the manifest.',
    ),
  signature: z
    .string()
    .nullable()
    .describe(
      'Null: nobody has signed the release. Else one of those under its manifest, as scheme:key:base64; /api/v1/updates/manifest has them all.',
    ),
  component: z.string(),
  from: z.string(),
  kind: z.enum(upgradeKinds),
  attempt: z.string(),
  digest: z.string().nullable(),
  acceptBy: z.string(),
  accepted: z.boolean(),
  deadline: z.string().nullable(),
})
const command = z
  .object({
    id: z.string().describe('The same until it has ended: what was run by it is not run again.'),
    attempt: z.string(),
    step: z.string(),
    command: z.string().describe('Which of the commands that the agent has been told it may run.'),
    arguments: z.record(z.string(), z.string()),
    repeatable: z.boolean().describe('May it be run again where it was cut off?'),
    deadline: z.string(),
  })
  .describe('What a procedure has the agent run; POST /api/v1/updates/commands says how it ended.')
export type OfferedCommand = z.output<typeof command>

const assignment = z
  .object({
    statement: z
      .string()
      .describe(
        'The very text that is signed, canonical JSON: {target, attempt, kind, component, version, digest, notBefore, notAfter, nonce}.',
      ),
    keyId: z.string().describe('The key that has signed it: GET /api/v1/trust has its public half.'),
    signature: z.string().describe('Of Ed25519 over the statement in UTF-8, as base64.'),
  })
  .describe(
    'That this attempt is for this target, now and for whoever has sent x-assignment-nonce; left out where nobody has.',
  )
export type Assignment = z.output<typeof assignment>

const assigned = offer.extend({ assignment: assignment.optional() })

const nothing = z.object({
  updateAvailable: z.literal(false),
  command: command.optional(),
  reason: z
    .enum(['not_entitled', 'incompatible'])
    .optional()
    .describe(
      'not_entitled: releases of the component need a licence, and the target has none that entitles to them. A key that is of no licence, and one whose licence is over or for something else, are answered alike. incompatible: what was to be offered asks for something else than what is there.',
    ),
})

const nextCheckSeconds = z
  .int()
  .positive()
  .describe(
    'In how many seconds the agent is to ask again: sooner while an upgrade is at work, just after a window opens, seldom while nothing is planned. Another for each target, so that not all ask at once. Sent as the header Drydock-Next-Check too, with a 304 as well.',
  )

const statuses = ['in-progress', 'completed', 'failed', 'rejected', 'rolled-back', 'rollback-failed'] as const

const report = z.strictObject({
  version: versionName.describe(
    'The version that is tried, as it was offered; with completed, the one that runs. Without attempt it tells which attempt the report is about.',
  ),
  status: z
    .enum(statuses)
    .describe(
      'rejected: nothing was touched, whether the attempt was accepted or not, so that nobody takes it back. rolled-back: the version before runs again. failed: whoever takes the upgrade back takes this back, too.',
    ),
  timestamp: z.iso.datetime({ offset: true, error: 'an instant as 2026-01-31T12:00:00Z' }),
  details: z.record(z.string().max(128), z.unknown()).or(z.string().max(65_536)).default({}),
  attempt: z
    .uuid()
    .optional()
    .describe(
      'The attempt that was offered. Left out, version and sequence have to tell which one is meant.',
    ),
  sequence: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .describe(
      'Grows from each report of the target to its next, over all attempts: one that comes late is known by it.',
    ),
  code: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,128}$/, '1 to 128 of A-Z a-z 0-9 . _ : -')
    .optional(),
  retryable: z
    .boolean()
    .default(false)
    .describe(
      'With failed, rejected or rolled-back: is it worth another try, later and by the same upgrade? Not with a code CRITICAL_….',
    ),
  target: identifier.optional(),
})
export type Report = z.output<typeof report>

const reported = z.object({
  target: z.string(),
  result: z
    .enum(['accepted', 'recorded', 'regressed', 'recovered', 'unchanged', 'failed'])
    .describe('regressed: it had succeeded, and counts as failed from now on; recovered: it is well again.'),
  attempt: z.string().nullable(),
  outcome: z.string().nullable(),
  error: z.object({ code: z.string(), detail: z.string() }).optional(),
})

/** What waits for one target, or for the members of a gateway. */
export type Offer = z.output<typeof offer> | z.output<typeof nothing>
export type Reported = z.output<typeof reported>

export const agentContracts = {
  enrolAgent: {
    summary: "Exchange a one-time enrolment token for the agent's own key; may be repeated with the same key",
    query: noQuery,
    body: z.strictObject({
      key: z
        .string()
        .regex(/^[A-Za-z0-9_-]{43}$/, '32 random bytes of the agent as base64url without padding'),
    }),
    answers: {
      201: {
        description: 'Enrolled; the credential is what the agent sends as a bearer token from now on.',
        schema: z.object({ target: z.string(), credential: z.string() }),
      },
    },
    problems: ['enrolment-refused', 'enrolment-used', 'enrolment-expired', 'forbidden', 'conflict'],
  },
  checkForUpdate: {
    summary: 'Ask whether an update waits',
    query: z.strictObject({
      target: identifier.optional(),
      members: truth.optional(),
      after: identifier.optional(),
    }),
    headers: z.object({
      'x-current-version': versionName
        .optional()
        .describe('What runs at the target that asks: another version than is known is kept as drift.'),
      'x-component': identifier
        .optional()
        .describe('The component that x-current-version is of; left out: the only one that the target runs.'),
      'x-channel': identifier.optional(),
      'x-license-key': z
        .string()
        .max(256)
        .optional()
        .describe(
          'The key of a licence: the target has that licence from then on, where it entitles to something that the target runs. Only its hash is kept.',
        ),
      'x-environment': z
        .string()
        .max(4096)
        .transform((query) => Object.fromEntries(new URLSearchParams(query)))
        .pipe(targetEnvironment)
        .optional()
        .describe(
          'What is where the target runs, as a query has it (database=PostgreSQL%2015.4&kubernetes=1.27): known from then on, in place of all that was said before. Empty: nothing is said.',
        ),
      'x-boot-id': bootId,
      'x-assignment-nonce': z
        .string()
        .regex(/^[A-Za-z0-9_-]{22,86}$/, '16 to 64 random bytes as base64url without padding')
        .optional()
        .describe(
          'Chosen anew for each check: what is offered is then assigned by a statement that is signed and names it.',
        ),
    }),
    answers: {
      200: {
        description:
          'The update of the target; for a gateway that asks for its members, those of all that have one.',
        schema: z.union([
          assigned.extend({ nextCheckSeconds }),
          nothing.extend({ nextCheckSeconds }),
          z.object({
            count: z.int(),
            nextCursor: z.string().nullable(),
            nextCheckSeconds,
            offers: z.array(assigned.extend({ target: z.string() })),
          }),
        ]),
      },
    },
    tagged: true,
    problems: ['target-not-found', 'forbidden'],
  },
  getOfferedManifest: {
    summary:
      'Read the manifest of the release that is offered, with its signatures, to verify it before it is installed',
    query: z.strictObject({ target: identifier.optional() }),
    answers: {
      200: {
        description: 'What was signed, and by whom.',
        schema: z.object({
          target: z.string(),
          attempt: z.string(),
          component: z.string(),
          version: z.string(),
          digest: z.string().describe('sha256: and the SHA-256 of the manifest.'),
          manifest: z.string().describe('The very text that is signed: canonical JSON, in UTF-8.'),
          signatures: z.array(signature),
        }),
      },
    },
    problems: ['target-not-found', 'forbidden', 'nothing-offered', 'release-not-found'],
  },
  reportCommand: {
    summary: 'Report how a command ended that a procedure had the agent run',
    query: noQuery,
    body: z.strictObject({
      id: z.string().regex(/^[A-Za-z0-9._:-]{1,256}$/, 'the id of a command, as it was told'),
      target: identifier.optional(),
      ...toldEnd,
    }),
    answers: {
      200: {
        description: 'Taken.',
        schema: z.object({ target: z.string(), id: z.string(), message: z.string() }),
      },
    },
    problems: ['target-not-found', 'forbidden', 'callback-over', 'conflict'],
  },
  reportUpdateStatus: {
    summary: 'Report how an update goes; the first in-progress accepts it',
    query: noQuery,
    headers: z.object({ 'x-boot-id': bootId }),
    body: z.union([z.strictObject({ reports: z.array(report).min(1).max(100) }), report]),
    answers: {
      200: {
        description: 'What became of the report, or of each.',
        schema: z.union([reported, z.object({ count: z.int(), results: z.array(reported) })]),
      },
    },
    problems: ['target-not-found', 'forbidden', 'release-withdrawn', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
