import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { instant, name, words } from './words.ts'

/** The SHA-256 of a public key in DER, in lower-case hexadecimal: one key has one id. */
const key = z.string().regex(/^[0-9a-f]{64}$/)

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
  /** What it has signed counts for nothing from an instant on, whenever it was signed. */
  KeyRevoked: { schema: z.object({ key, from: instant, reason: words }) },
  /** How many keys have to sign a release of the components that are named, and of all others. */
  ThresholdsSet: { schema: z.object({ threshold, components: z.record(name, threshold) }) },
})

export type TrustEvent = EventsOf<typeof trustEvents>
