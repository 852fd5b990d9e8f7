import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { versionSchemes } from './words.ts'

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
})

export type ReleaseEvent = EventsOf<typeof releaseEvents>
