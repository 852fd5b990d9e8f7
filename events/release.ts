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
    }),
  },
  ReleaseWithdrawn: { schema: z.object({ reason: z.string() }) },
})

export type ReleaseEvent = EventsOf<typeof releaseEvents>
