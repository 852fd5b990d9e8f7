import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'

export const policyEvents = defineEvents({
  FreezePlaced: { schema: z.object({ reason: z.string().min(1).max(512) }) },
  FreezeLifted: { schema: z.object({ reason: z.string().min(1).max(512) }) },
})

export type PolicyEvent = EventsOf<typeof policyEvents>
