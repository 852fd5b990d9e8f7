import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { name, person, versionSchemes, words } from './words.ts'

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
  ReleaseWithdrawn: { schema: z.object({ reason: z.string() }) },
  /** It was taken back from where `upgrade` had put it: nothing chooses it by itself any more. */
  ReleaseHeldBack: { schema: z.object({ reason: words, upgrade: name }) },
  ReleaseFreed: { schema: z.object({ by: person, reason: words }) },
})

export type ReleaseEvent = EventsOf<typeof releaseEvents>
