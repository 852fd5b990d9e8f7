import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { instant, keyId, name, person, signatureSchemes, versionSchemes, words } from './words.ts'

/** What a key says of a manifest: its bytes in base64. */
const signature = z.object({
  key: keyId,
  scheme: z.enum(signatureSchemes),
  signature: z.string().max(1024),
})

export const releaseEvents = defineEvents({
  ReleaseRegistered: {
    schema: z.object({
      component: z.string(),
      version: z.string(),
      channel: z.string(),
      digest: z.string(),
      notes: z.string().nullable(),
      /** Length of the artifact; null: nobody said. */
      sizeBytes: z.int().positive().nullable(),
      /** How the component's versions are ordered, and which release of it this is. */
      scheme: z.enum(versionSchemes),
      number: z.int().positive(),
    }),
  },
  /** With the registration: what was signed, as the very text, and by whom; its SHA-256 is the digest of the release. */
  ManifestSigned: {
    schema: z.object({
      /** Canonical JSON (RFC 8785). */
      manifest: z.string().max(32_768),
      signatures: z.array(signature).min(1).max(16),
      counter: z.int().positive(),
      expires: instant,
      minimumVersion: z.string().nullable(),
    }),
  },
  /** More keys have signed the same manifest. */
  SignaturesAdded: { schema: z.object({ signatures: z.array(signature).min(1).max(16) }) },
  ReleasePromoted: { schema: z.object({ from: z.string(), channel: z.string(), reason: words }) },
  /** Nothing is planned or handed over to it until it is let go. */
  ReleaseBlocked: { schema: z.object({ reason: words }) },
  ReleaseUnblocked: { schema: z.object({ reason: words }) },
  ReleaseWithdrawn: { schema: z.object({ reason: z.string() }) },
  /** It was taken back from where `upgrade` had put it: nothing chooses it by itself any more. */
  ReleaseHeldBack: { schema: z.object({ reason: words, upgrade: name }) },
  /** An upgrade has brought it to all of an environment that it meant; whether that holds still is asked of the upgrade. */
  ReleaseTested: { schema: z.object({ environment: name, upgrade: name }) },
  /** What a check says of it, with where its evidence is; its last word counts. */
  VerdictPosted: {
    schema: z.object({
      check: name,
      passed: z.boolean(),
      evidence: z.object({
        url: z.string().max(2048),
        /** Of what is there; null: nobody said. */
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .nullable(),
      }),
      reason: words.nullable(),
    }),
  },
  ReleaseFreed: { schema: z.object({ by: person, reason: words }) },
})

export type ReleaseEvent = EventsOf<typeof releaseEvents>
