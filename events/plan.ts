import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'

/** At most this many members a chunk: a chunk of the longest names stays below the 64 KB of one event, unless they run many versions. */
export const membersPerChunk = 400

export const planEvents = defineEvents({
  /** Members as [target, from, to], the versions by their place in `versions`. */
  PlanChunkStored: {
    schema: z.object({
      component: z.string(),
      versions: z.array(z.string()),
      /** Of a rollback, whose members have a release each: the digests of `versions`, null where that release is not registered. */
      digests: z.exactOptional(z.array(z.string().nullable())),
      members: z.array(z.tuple([z.string(), z.int().min(0), z.int().min(0)])).max(membersPerChunk),
    }),
  },
})

export type PlanEvent = EventsOf<typeof planEvents>
