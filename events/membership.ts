import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { profileOverride } from './target.ts'
import { name, person, priority } from './words.ts'

/** One target that shall be a member of a profile. */
export const requestedMembership = z.object({
  target: name,
  /** What the caller takes the target for. */
  type: name,
  priority,
  override: profileOverride,
})
export type RequestedMembership = z.output<typeof requestedMembership>

/** Thousands of memberships that were asked for in one call, worked off after it was answered. */
export const membershipEvents = defineEvents({
  MembershipsRequested: {
    schema: z.object({
      profile: name,
      count: z.int().positive(),
      chunks: z.int().positive(),
      by: person,
    }),
  },
  /** A part of what was asked for: all of it would be larger than an event may be. */
  MembershipsListed: {
    schema: z.object({ chunk: z.int().min(0), memberships: z.array(requestedMembership) }),
  },
  /** What became of a part: who is not named is a member now. They are named by their place in the part. */
  MembershipsMade: {
    schema: z.object({
      chunk: z.int().min(0),
      already: z.array(z.int().min(0)),
      failed: z.array(z.object({ place: z.int().min(0), detail: z.string().max(256) })),
    }),
  },
})

export type MembershipEvent = EventsOf<typeof membershipEvents>
