import * as z from 'zod'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, printable, versionName, words } from './fields.ts'

const release = z.object({
  component: z.string(),
  version: z.string(),
  channel: z.string(),
  digest: z.string(),
  notes: z.string().nullable(),
  sizeBytes: z.int().nullable().meta({ description: 'Length of the artifact in bytes; null: nobody said.' }),
  withdrawn: z.object({ reason: z.string() }).nullable(),
  heldBack: z.object({ reason: z.string(), upgradeId: z.string(), since: z.string() }).nullable().meta({
    description:
      'It was taken back from where the upgrade had put it: neither latest, nor stable, nor a profile chooses it until it is freed.',
  }),
})

/** A terabyte: no artifact that targets download is longer. */
const largestArtifact = 1_000_000_000_000

const byVersion = z.strictObject({ component: identifier, version: versionName })

export const releaseContracts = {
  registerRelease: {
    summary: 'Register a release of a component',
    query: noQuery,
    body: z.strictObject({
      component: identifier,
      version: versionName.refine(
        (version) => version !== 'latest' && version !== 'stable',
        'a version, not a moving tag',
      ),
      channel: identifier.default('stable'),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits'),
      notes: printable(z.string().max(2048)).nullable().default(null),
      sizeBytes: z.int().min(1).max(largestArtifact).nullable().default(null).meta({
        description: 'Length of the artifact in bytes: what a profile computes its network_utilization from.',
      }),
    }),
    answers: {
      201: { description: 'Registered.', schema: release },
      200: { description: 'It was registered before with the same content.', schema: release },
    },
    problems: ['version-invalid', 'conflict'],
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
  withdrawRelease: {
    summary: 'Withdraw a release: nothing more is rolled out to it',
    params: byVersion,
    query: noQuery,
    body: z.strictObject({ reason: words(512) }),
    answers: { 200: { description: 'Withdrawn.', schema: release } },
    problems: ['release-not-found', 'conflict'],
  },
  freeRelease: {
    summary: 'Free a release that is held back: latest, stable and profiles may choose it again',
    params: byVersion,
    query: noQuery,
    body: z.strictObject({ reason: words(512) }),
    answers: { 200: { description: 'Free.', schema: release } },
    problems: ['release-not-found', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
