import * as z from 'zod'
import { certifiedStandings, signatureSchemes } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, words } from './fields.ts'

const key = z.object({
  keyId: z
    .string()
    .describe(
      'The SHA-256 of the public key in DER: openssl pkey -pubin -outform DER | sha256sum. Of OpenPGP the fingerprint of the primary key.',
    ),
  scheme: z.enum(signatureSchemes).describe('By which way it signs.'),
  publicKey: z
    .string()
    .describe('SubjectPublicKeyInfo in DER, or the packets of a certificate of OpenPGP, in base64.'),
  keys: z
    .array(
      z.object({
        fingerprint: z.string(),
        standing: z.enum(certifiedStandings).describe('What it was worth when it was registered.'),
        expires: z.string().nullable().describe('From then on what it has signed counts for nothing.'),
      }),
    )
    .describe(
      'Of OpenPGP the primary key and the subkeys: a signature by any of them that signs is one by this key.',
    ),
  label: z.string(),
  components: z.array(z.string()).nullable().describe('Whose releases it may sign; null: those of any.'),
  channels: z.array(z.string()).nullable().describe('On which channels; null: on any.'),
  registeredBy: z.string(),
  registeredAt: z.string(),
  revoked: z
    .object({ from: z.string(), reason: z.string(), by: z.string() })
    .nullable()
    .describe('From then on what it has signed counts for nothing; null: it is in force.'),
})

const scope = z.array(identifier).min(1).max(100).nullable().default(null)
const threshold = z.int().min(1).max(16)
const thresholds = {
  threshold: threshold.describe('How many keys have to sign a release.'),
  components: z
    .record(identifier, threshold)
    .refine((named) => Object.keys(named).length <= 200, '200 components at most')
    .describe('How many of the components that are named here.'),
}
const trust = z.object({
  ...thresholds,
  unsignedReleases: z
    .enum(['allowed', 'refused'])
    .describe('What the deployment says of releases that nobody has signed.'),
})

const assignmentKey = z
  .object({
    keyId: z.string(),
    publicKey: z.string().describe('Ed25519, as PEM: what an agent pins as trust.assignmentKey.'),
  })
  .describe('The key by which attempts are assigned to targets.')

export const trustContracts = {
  registerKey: {
    summary: 'Register a public key that releases may be signed with',
    query: noQuery,
    body: z.strictObject({
      publicKey: z
        .string()
        .regex(
          /^(?:[A-Za-z0-9+/=\r\n -]{1,1024}|-----BEGIN PGP [ -~\t\r\n]{1,32768})$/,
          'PEM or base64, of 1,024 characters at most, or an armored key of OpenPGP, of 32,768',
        )
        .describe(
          'Ed25519: PEM, or base64 of its DER or of its 32 bytes. OpenPGP: as gpg --armor --export writes it.',
        ),
      label: words(128).describe('Whose it is, or where it is kept.'),
      components: scope,
      channels: scope,
    }),
    answers: {
      200: { description: 'It was registered before, for the same.', schema: key },
      201: { description: 'Registered.', schema: key },
    },
    problems: [
      ...(['key-invalid', 'key-too-large', 'key-weak', 'key-expired', 'key-cannot-sign'] as const),
      ...(['key-revoked', 'conflict'] as const),
    ],
  },
  listKeys: {
    summary: 'List all keys in the order of their registration, the revoked ones too',
    query: noQuery,
    answers: { 200: { description: 'All of them, on one page.', schema: listOf('keys', key) } },
  },
  revokeKey: {
    summary: 'Revoke a key: from then on nothing is planned or handed over on its word',
    params: z.strictObject({ key: identifier }),
    query: noQuery,
    body: z.strictObject({
      reason: words(512),
      from: z.iso.datetime().optional().describe('Left out, or past: now.'),
    }),
    answers: { 200: { description: 'Revoked, from the instant that it says.', schema: key } },
    problems: ['key-not-found', 'conflict'],
  },
  getTrust: {
    summary: 'How many keys have to sign a release?',
    tagged: true,
    query: noQuery,
    answers: {
      200: {
        description: 'By component, what the deployment says of unsigned ones, and the key of assignments.',
        schema: trust.extend({ assignmentKey }),
      },
    },
  },
  setTrust: {
    summary: 'Say how many keys have to sign a release',
    query: noQuery,
    body: z.strictObject({ ...thresholds, components: thresholds.components.default({}) }),
    answers: { 200: { description: 'It is so from now on.', schema: trust } },
    problems: ['threshold-unreachable', 'conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
