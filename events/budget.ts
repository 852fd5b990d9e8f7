import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { instant } from './words.ts'

const upgrade = z.string().min(1).max(128)
const share = z.int().min(0)

export const budgetEvents = defineEvents({
  /** An upgrade could use so much of it, and has less; 0: it waits for nothing any more. */
  ShareAwaited: { schema: z.object({ upgrade, wants: share }) },
  /** From now on an upgrade may use so much of it, of what there is to share. */
  ShareGranted: { schema: z.object({ upgrade, share: z.int().positive(), limit: z.int().positive() }) },
  /** An upgrade uses no more than so much of it from now on, and nothing from an instant on; null: until it says something else. */
  ShareReturned: { schema: z.object({ upgrade, share, until: instant.nullable() }) },
})

export type BudgetEvent = EventsOf<typeof budgetEvents>
