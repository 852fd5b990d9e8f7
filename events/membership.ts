import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { profileOverride } from './target.ts'

const name = z.string().min(1).max(128)

/** One target that shall be assigned to a profile. */
export const profileAssignment = z.object({
  target: name,
  /** What the caller takes the target for. */
  type: name,
  priority: z.int().min(1).max(10),
  override: profileOverride,
})
export type RequestedAssignment = z.output<typeof profileAssignment>

/** Thousands of assignments that were asked for in one call, worked off after it was answered. */
export const assignmentEvents = defineEvents({
  AssignmentsRequested: {
    schema: z.object({
      profile: name,
      count: z.int().positive(),
      chunks: z.int().positive(),
      by: z.string().min(1).max(256),
    }),
  },
  /** A part of what was asked for: all of it would be larger than an event may be. */
  AssignmentsListed: { schema: z.object({ chunk: z.int().min(0), assignments: z.array(profileAssignment) }) },
  /** What became of a part: everything that is not named was assigned. Members are named by their place in the part. */
  AssignmentsMade: {
    schema: z.object({
      chunk: z.int().min(0),
      already: z.array(z.int().min(0)),
      failed: z.array(z.object({ place: z.int().min(0), detail: z.string().max(256) })),
    }),
  },
})

export type AssignmentEvent = EventsOf<typeof assignmentEvents>
