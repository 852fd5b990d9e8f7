import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { name, versionSchemes } from './words.ts'

export const componentEvents = defineEvents({
  /** How versions of the component are written and ordered; without this, as MAJOR.MINOR.PATCH. */
  SchemeSet: { schema: z.object({ scheme: z.enum(versionSchemes) }) },
  /** A release of this version is about to be registered, as the how-manieth of the component: what is opaque is ordered by it. */
  ReleaseNumbered: { schema: z.object({ version: name, number: z.int().positive() }) },
  /** A release with this counter is about to be published on a channel: none with a lower one is any more. */
  CounterRaised: {
    schema: z.object({ channel: name, counter: z.int().positive(), version: name, digest: z.string() }),
  },
  /** Releases of the component reach nobody without a licence from now on, on these channels (null: on any), or whoever they reached before. */
  LicensingSet: { schema: z.object({ required: z.boolean(), channels: z.array(name).nullable() }) },
})

export type ComponentEvent = EventsOf<typeof componentEvents>
