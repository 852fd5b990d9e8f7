import * as z from 'zod'
import { givenReason } from './commands.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, printable, versionName, words } from './fields.ts'

const release = z.object({
  component: z.string(),
  version: z.string(),
  channel: z.string(),
  digest: z.string(),
  notes: z.string().nullable(),
  sizeBytes: z.int().nullable().meta({ description: 'Length of the artifact in bytes; null: nobody said.' }),
  signed: z
    .object({
      counter: z.int(),
      expires: z.string(),
      minimumVersion: z.string().nullable(),
      signatures: z
        .int()
        .describe('How many keys have signed it; which of them count is asked anew each time.'),
    })
    .nullable()
    .meta({ description: 'Null: nobody has signed it. The manifest is at …/manifest.' }),
  blocked: z
    .object({ reason: z.string() })
    .nullable()
    .meta({ description: 'Nothing is planned or handed over to it until it is unblocked.' }),
  withdrawn: z.object({ reason: z.string() }).nullable(),
  heldBack: z.object({ reason: z.string(), upgradeId: z.string(), since: z.string() }).nullable().meta({
    description:
      'It was taken back from where the upgrade had put it: neither latest, nor stable, nor a profile chooses it until it is freed.',
  }),
})

/** A terabyte: no artifact that targets download is longer. */
const largestArtifact = 1_000_000_000_000

const address = z.url({ protocol: /^https$/, error: 'an address that begins with https://' }).max(2048)

const manifestPart = z.strictObject({
  version: versionName.optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits in lower case')
    .describe('Of the artifact.'),
  length: z.int().min(1).max(largestArtifact).describe('Of the artifact, in bytes.'),
  size: z
    .string()
    .regex(/^[0-9]{1,6}(\.[0-9]{1,2})? ?[KMGT]?B$/, 'a length in words, as 125MB')
    .optional()
    .describe('The same length for people, by thousands or by 1,024.'),
  url: address
    .optional()
    .describe(
      'Where it is downloaded. Left out: agents find it by its SHA-256 at the mirror of their own file, and refuse it where they have none.',
    ),
  required: z.boolean().optional(),
  migrations: z
    .array(printable(z.string().min(1).max(256)))
    .max(200)
    .optional(),
  rollback: z
    .array(printable(z.string().min(1).max(256)))
    .max(200)
    .optional(),
})

const changes = z
  .array(printable(z.string().min(1).max(512)))
  .max(100)
  .optional()

const exactVersion = versionName.refine(
  (version) => version !== 'latest' && version !== 'stable',
  'a version, not a moving tag',
)

// Nothing is filled in, cut or rewritten in it: what is signed is what was sent.
const manifest = z.strictObject({
  component: identifier,
  version: exactVersion,
  channel: identifier,
  counter: z.int().min(1).describe('Higher than that of any release before it on its channel.'),
  releaseDate: z.iso.datetime(),
  expires: z.iso.datetime().describe('From then on nobody is upgraded to it.'),
  minimumVersion: versionName
    .optional()
    .describe('Targets that run an older version are left out: they go by way of another release.'),
  mandatory: z.boolean().optional(),
  releaseNotes: address.optional(),
  components: z
    .record(identifier, manifestPart)
    .refine((parts) => Object.keys(parts).length >= 1 && Object.keys(parts).length <= 50, '1 to 50 parts')
    .describe('The parts of the release, each with one artifact.'),
  changelog: z.strictObject({ features: changes, fixes: changes, security: changes }).optional(),
  compatibility: z.record(identifier, z.array(printable(z.string().min(1).max(64))).max(50)).optional(),
})

/** What one key says of a manifest. */
export const signature = z.object({
  keyId: identifier.describe(
    'As GET /api/v1/keys has it: the SHA-256 of the public key in DER, or the fingerprint of a key of OpenPGP.',
  ),
  scheme: identifier.default('ed25519').describe('ed25519 or openpgp.'),
  signature: z
    .string()
    .regex(/^[A-Za-z0-9+/=:_-]{1,1024}$/, 'base64, of 1,024 characters at most')
    .describe(
      'Base64, over the canonical JSON (RFC 8785) of the manifest in UTF-8; of OpenPGP the packet of a detached signature.',
    ),
})

const offeredSignature = signature
  .extend({
    keyId: signature.shape.keyId
      .optional()
      .describe(
        `${signature.shape.keyId.description} Left out with openpgp: the key that the signature names itself.`,
      ),
  })
  .strict()

const byVersion = z.strictObject({ component: identifier, version: versionName })

const proofs = z.object({
  component: z.string(),
  version: z.string(),
  verdicts: z.array(
    z.object({
      check: z.string(),
      verdict: z.enum(['passed', 'failed']),
      evidence: z.object({ url: z.string(), sha256: z.string().nullable() }),
      reason: z.string().nullable(),
      postedBy: z.string(),
      postedAt: z.string(),
    }),
  ),
  testedBy: z
    .array(z.object({ environment: z.string(), upgradeId: z.string() }))
    .describe(
      'Upgrades that have brought it to environments; whether they prove it still is asked of them when a policy wants to know.',
    ),
})

/** Why a manifest or its signatures are refused; what each is about is in `errors`. */
const refusals = [
  'release-unsigned',
  'checksum-is-no-signature',
  'scheme-unknown',
  'key-unknown',
  'key-repeated',
  'key-revoked',
  'key-not-entitled',
  'key-expired',
  'key-cannot-sign',
  'signature-invalid',
  'signature-malformed',
  'signature-not-detached',
  'signature-not-single',
  'signature-version-unknown',
  'signature-text-mode',
  'signature-type-wrong',
  'signature-expires',
  'signature-critical-unknown',
  'signature-time-wrong',
  'digest-refused',
  'algorithm-refused',
  'threshold-not-met',
  'release-expired',
  'counter-not-newer',
  'counter-leaps',
  'components-mixed',
  'artifact-length-wrong',
  'manifest-too-large',
] as const

export const releaseContracts = {
  registerRelease: {
    summary: 'Publish a release of a component, with its manifest and who has signed it',
    query: noQuery,
    body: z.union([
      z
        .strictObject({
          manifest,
          signatures: z.array(offeredSignature).min(1).max(16),
        })
        .describe('Signed. The same manifest with more signatures adds these.'),
      z
        .strictObject({
          component: identifier,
          version: exactVersion,
          channel: identifier.default('stable'),
          digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits'),
          notes: printable(z.string().max(2048)).nullable().default(null),
          sizeBytes: z.int().min(1).max(largestArtifact).nullable().default(null).meta({
            description:
              'Length of the artifact in bytes: what a profile computes its network_utilization from.',
          }),
        })
        .describe('Not signed: only where the deployment allows it.'),
    ]),
    answers: {
      201: { description: 'Registered.', schema: release },
      200: {
        description: 'It was registered before with the same content, or has more signatures now.',
        schema: release,
      },
    },
    problems: ['version-invalid', 'conflict', ...refusals],
  },
  listReleases: {
    summary: 'List releases by component and version',
    query: z.strictObject({ ...paging, component: identifier.optional(), channel: identifier.optional() }),
    answers: {
      200: {
        description: 'One page.',
        schema: listOf('releases', release.extend({ registeredAt: z.string() })),
      },
    },
  },
  getRelease: {
    summary: 'Read a release',
    tagged: true,
    params: byVersion,
    query: noQuery,
    answers: { 200: { description: 'The release.', schema: release } },
    problems: ['release-not-found'],
  },
  getManifest: {
    summary: 'Read the manifest of a signed release, with its signatures',
    tagged: true,
    params: byVersion,
    query: noQuery,
    answers: {
      200: {
        description: 'What was signed, and by whom.',
        schema: z.object({
          digest: z.string().describe('sha256: and the SHA-256 of the canonical JSON of the manifest.'),
          manifest,
          signatures: z.array(signature),
        }),
      },
    },
    problems: ['release-not-found'],
  },
  promoteRelease: {
    summary:
      'Put a release on another channel; enough keys that may sign for that one have to have signed it',
    params: byVersion,
    query: noQuery,
    body: z.strictObject({ channel: identifier, reason: words(512) }),
    answers: { 200: { description: 'It is on the channel.', schema: release } },
    problems: ['release-not-found', 'release-distrusted', 'release-withdrawn', 'conflict'],
  },
  blockRelease: {
    summary: 'Block a release: nothing is planned or handed over to it until it is unblocked',
    params: byVersion,
    query: noQuery,
    body: givenReason,
    answers: { 200: { description: 'Blocked.', schema: release } },
    problems: ['release-not-found', 'conflict'],
  },
  unblockRelease: {
    summary: 'Unblock a release',
    params: byVersion,
    query: noQuery,
    body: givenReason,
    answers: { 200: { description: 'Not blocked.', schema: release } },
    problems: ['release-not-found', 'conflict'],
  },
  withdrawRelease: {
    summary: 'Withdraw a release: nothing more is rolled out to it',
    params: byVersion,
    query: noQuery,
    body: givenReason,
    answers: { 200: { description: 'Withdrawn.', schema: release } },
    problems: ['release-not-found', 'conflict'],
  },
  postVerdict: {
    summary:
      'Post what a compliance check says of a release, with where its evidence is; its last word counts',
    params: byVersion,
    query: noQuery,
    body: z.strictObject({
      check: identifier.describe('As policies name it in complianceChecks.'),
      verdict: z.enum(['passed', 'failed']),
      evidence: z.strictObject({
        url: address,
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits in lower case')
          .nullable()
          .default(null)
          .describe('Of what is there.'),
      }),
      reason: words(512).nullable().default(null),
    }),
    answers: { 200: { description: 'It is noted.', schema: proofs } },
    problems: ['release-not-found', 'too-many-checks', 'conflict'],
  },
  getVerdicts: {
    summary:
      'Read what compliance checks say of a release, and which upgrades have brought it to environments',
    tagged: true,
    params: byVersion,
    query: noQuery,
    answers: { 200: { description: 'The last word of each check.', schema: proofs } },
    problems: ['release-not-found'],
  },
  freeRelease: {
    summary: 'Free a release that is held back: latest, stable and profiles may choose it again',
    params: byVersion,
    query: noQuery,
    body: givenReason,
    answers: { 200: { description: 'Free.', schema: release } },
    problems: ['release-not-found', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
