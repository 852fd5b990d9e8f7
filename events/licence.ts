import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { instant, name, words } from './words.ts'

/** The SHA-256 of a licence's key, in lower-case hexadecimal: the licence is known by it, and the key is kept nowhere. */
export const licenceId = z.string().regex(/^[0-9a-f]{64}$/)

/** What a licence entitles to: releases of these components on these channels (null: of any), before it expires (null: never). */
export const licenceTerms = z.object({
  components: z.array(name).nullable(),
  channels: z.array(name).nullable(),
  expires: instant.nullable(),
})
export type LicenceTerms = z.output<typeof licenceTerms>

export const licenceEvents = defineEvents({
  /** It entitles to this from now on; a later one takes the place of an earlier. */
  LicenceDefined: { schema: licenceTerms.extend({ label: words }) },
  /** It entitles to nothing any more, for good. */
  LicenceRevoked: { schema: z.object({ reason: words }) },
})

export type LicenceEvent = EventsOf<typeof licenceEvents>
