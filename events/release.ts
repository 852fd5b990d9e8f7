import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'

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
    }),
  },
  ReleaseWithdrawn: { schema: z.object({ reason: z.string() }) },
})

export type ReleaseEvent = EventsOf<typeof releaseEvents>
