import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { name, severities, words } from './words.ts'

/** Where a secret is, never what it is. */
const secret = z.string().min(1).max(800)
const address = z.string().min(1).max(320)

/** Which notices a destination gets; null: whatever theirs is. */
const filter = {
  description: words.nullable(),
  /** Types of public events; null: those that its kind gets by itself. */
  events: z.array(name).nullable(),
  /** The least. */
  severity: z.enum(severities),
  components: z.array(name).nullable(),
  regions: z.array(name).nullable(),
  /** Between these times of the day only what is critical is sent; the rest when they are over. */
  quietHours: z.object({ from: z.string(), to: z.string(), timezone: name }).nullable(),
}

/** A person who may press buttons in a chat: whom they are here, and what they may. */
const chatUser = z.object({ user: name, subject: z.string().min(1).max(256), roles: z.array(name).min(1) })

/** Where notices are sent, with every default filled in. */
export const destinationDocument = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('webhook'),
    ...filter,
    url: z.string().min(1).max(2048),
    /** Each signs every message, so that one can be exchanged for another. */
    secrets: z.array(secret).min(1).max(2),
    format: z.enum(['plain', 'cloudevents']),
  }),
  z.object({
    kind: z.literal('slack'),
    ...filter,
    channel: name,
    token: secret,
    /** What Slack signs with what it sends of buttons; null: messages have none. */
    signingSecret: secret.nullable(),
    people: z.array(chatUser),
    apiUrl: z.string().min(1).max(2048),
  }),
  /** The address of its workflow is a secret: whoever knows it can post. */
  z.object({ kind: z.literal('teams'), ...filter, workflow: secret }),
  z.object({
    kind: z.literal('email'),
    ...filter,
    from: address,
    to: z.array(address).min(1),
  }),
])
export type DestinationDocument = z.output<typeof destinationDocument>

export const destinationEvents = defineEvents({
  /** Where notices are sent, under its name; a later document takes the place of the one before. */
  DestinationDefined: { schema: z.object({ name, document: destinationDocument }) },
  /** Nothing is sent there any more; it may be defined again. */
  DestinationRemoved: { schema: z.object({ name, reason: words }) },
})

export type DestinationEvent = EventsOf<typeof destinationEvents>
