import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { certifiedStandings, instant, keyId, name, words } from './words.ts'

/** The SHA-256 of a public key in DER, in lower-case hexadecimal: one key has one id. */
const key = z.string().regex(/^[0-9a-f]{64}$/)

/** Of a key of OpenPGP, version 4, in lower-case hexadecimal. */
const fingerprint = z.string().regex(/^[0-9a-f]{40}$/)

const certified = z.object({
  fingerprint,
  /** SubjectPublicKeyInfo in DER, in base64; null: it is of a kind that signs nothing here. */
  publicKey: z.string().max(1024).nullable(),
  standing: z.enum(certifiedStandings),
  created: instant,
  /** From then on it counts for nothing; null: it has no end. */
  expires: instant.nullable(),
})
export type CertifiedKey = z.output<typeof certified>

/** How many keys have to sign a release, at the least. */
const threshold = z.int().min(1).max(16)

export const trustEvents = defineEvents({
  /** Whoever holds its other half may sign releases of these components on these channels; null: of any. */
  KeyRegistered: {
    schema: z.object({
      key,
      /** SubjectPublicKeyInfo in DER, in base64. */
      publicKey: z.string().max(256),
      label: words,
      components: z.array(name).nullable(),
      channels: z.array(name).nullable(),
    }),
  },
  /** The same of whoever holds keys of a certificate of OpenPGP: they count as one. */
  CertificateRegistered: {
    schema: z.object({
      key: fingerprint,
      /** The certificate as it was sent: its packets, in base64. */
      certificate: z.string().max(12_000),
      /** The primary key and the subkeys, and what each was worth then. */
      keys: z.array(certified).min(1).max(16),
      label: words,
      components: z.array(name).nullable(),
      channels: z.array(name).nullable(),
    }),
  },
  /** What it has signed counts for nothing from an instant on, whenever it was signed. */
  KeyRevoked: { schema: z.object({ key: keyId, from: instant, reason: words }) },
  /** How many keys have to sign a release of the components that are named, and of all others. */
  ThresholdsSet: { schema: z.object({ threshold, components: z.record(name, threshold) }) },
})

export type TrustEvent = EventsOf<typeof trustEvents>
