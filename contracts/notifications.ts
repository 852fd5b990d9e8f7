import * as z from 'zod'
import { isTimeZone } from '../events/time-zones.ts'
import { severities } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, wholeNumber, words } from './fields.ts'

const clock = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of the day as 22:00')
const secret = z
  .string()
  .max(800)
  .regex(
    /^(?!whsec_|xox|https?:)(arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[\w.-]+\/[\w/+=.@-]+(#.{1,256})?$/,
    'the name or ARN of a secret in Secrets Manager as drydock/hooks#key, and never the secret itself',
  )
  .describe('The name or ARN of a secret, and #key where it is JSON.')
const url = z.string().min(1).max(2048)
const email = z
  .string()
  .max(254)
  .regex(
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/,
    'an address as ops@example.com',
  )

const filter = (least: (typeof severities)[number]) => ({
  description: words(512).nullable().default(null),
  events: z
    .array(identifier)
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe('Types of public events; null: all that its kind has something to say of.'),
  severity: z.enum(severities).default(least).describe('The least that it is told of.'),
  components: z.array(identifier).min(1).max(20).nullable().default(null),
  regions: z.array(identifier).min(1).max(20).nullable().default(null),
  quietHours: z
    .strictObject({
      from: clock,
      to: clock,
      timezone: z.string().max(64).refine(isTimeZone, 'a time zone of the IANA database'),
    })
    .refine(({ from, to }) => from !== to, 'from and to that differ')
    .nullable()
    .default(null)
    .describe('In these hours only what is critical is sent; the rest when they are over.'),
})

const document = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('webhook'),
    ...filter('info'),
    url,
    secrets: z
      .array(secret)
      .min(1)
      .max(2)
      .describe('By each of them every message is signed (Standard Webhooks), so that one can be exchanged.'),
    format: z
      .enum(['plain', 'cloudevents'])
      .default('plain')
      .describe('plain: type, timestamp and data; cloudevents: CloudEvents 1.0, structured.'),
  }),
  z.strictObject({
    kind: z.literal('slack'),
    ...filter('info'),
    channel: z.string().regex(/^[A-Z0-9]{2,30}$/, 'the id of a channel as C0123456789'),
    token: secret.describe('The secret that holds the token of the bot.'),
    signingSecret: secret
      .nullable()
      .default(null)
      .describe('The secret by which Slack signs what people press; null: messages have no buttons.'),
    people: z
      .array(
        z.strictObject({
          user: z.string().regex(/^[UW][A-Z0-9]{2,30}$/, 'the id of a user as U0123456789'),
          subject: words(256).describe('Who they are here: the subject of their token.'),
          roles: z
            .array(z.enum(['approver', 'admin']))
            .min(1)
            .max(2),
        }),
      )
      .max(50)
      .default([])
      .describe('Who may press buttons, and as whom.'),
    apiUrl: url.default('https://slack.com/api'),
  }),
  z.strictObject({
    kind: z.literal('teams'),
    ...filter('warning'),
    workflow: secret.describe('The secret that holds the URL of the workflow.'),
  }),
  z.strictObject({
    kind: z.literal('email'),
    ...filter('warning'),
    from: email,
    to: z.array(email).min(1).max(20),
  }),
])
export type DestinationAsked = z.output<typeof document>

const destination = z.object({
  name: z.string(),
  revision: z.int().describe('How often it has been defined.'),
  definedBy: z.string(),
  definedAt: z.string(),
  document: z.looseObject({}).describe('As it was defined, with every default.'),
})

const defined = destination.extend({
  warnings: z
    .array(z.object({ field: z.string(), detail: z.string() }))
    .describe('Secrets that cannot be read now: until they can, nothing gets there. They may be made later.'),
})

const undelivered = z.object({
  about: z.string().describe('The event, or the upgrade or rollout, that it was to tell of.'),
  type: z.string().nullable().describe('The type of the event; null: how an upgrade or a rollout stands.'),
  since: z.string(),
  givenUpAt: z.string(),
  tries: z.int(),
  why: z.string(),
})

const notificationId = z.string().regex(/^[A-Za-z0-9:._@#+-]{1,400}$/, 'the id of a notification')

const byName = z.strictObject({ name: identifier })

const notification = z.object({
  id: z.string(),
  type: z.enum(severities),
  version: z.string().nullable(),
  title: z.string(),
  description: z.string(),
  about: z
    .object({
      kind: z.enum(['upgrade', 'rollout']),
      id: z.string(),
      status: z.string().describe('How it stands now.'),
      isOver: z.boolean(),
    })
    .nullable()
    .describe(
      'The upgrade or the rollout that it tells of, as it stands now; null: it tells of something else.',
    ),
  actions: z.array(
    z.object({
      label: z.string(),
      action: z.enum(['approve', 'learn-more', 'dismiss']),
      url: z.string().nullable().describe('Where it is done; null: by dismissNotification.'),
    }),
  ),
  at: z.string(),
  expiresAt: z.string(),
})

export const notificationContracts = {
  defineDestination: {
    summary: 'Define where people or programs are told of what happens, or define it anew',
    params: byName,
    query: noQuery,
    body: document,
    answers: {
      200: { description: 'The destination as it is now.', schema: defined },
      201: { description: 'The destination is defined.', schema: defined },
    },
    problems: ['destination-not-found', 'destination-too-large', 'too-many-destinations', 'conflict'],
  },
  listDestinations: {
    summary: 'List destinations by name',
    query: noQuery,
    answers: {
      200: { description: 'All of them, on one page.', schema: listOf('destinations', destination) },
    },
  },
  getDestination: {
    summary: 'Read a destination',
    tagged: true,
    params: byName,
    query: noQuery,
    answers: { 200: { description: 'The destination.', schema: destination } },
    problems: ['destination-not-found'],
  },
  removeDestination: {
    summary: 'Have nothing sent to a destination any more',
    params: byName,
    query: z.strictObject({ reason: words(512) }),
    answers: {
      200: {
        description: 'Nothing is sent there any more.',
        schema: z.object({ name: z.string(), message: z.string() }),
      },
    },
    problems: ['destination-not-found', 'conflict'],
  },
  testDestination: {
    summary: 'Send a sample to a destination now, once, and say what became of it',
    params: byName,
    query: noQuery,
    answers: {
      200: {
        description: 'What became of the sample.',
        schema: z.object({
          delivered: z.boolean(),
          why: z.string().nullable().describe('Why it did not get there; null: it did.'),
        }),
      },
    },
    problems: ['destination-not-found'],
  },
  listUndelivered: {
    summary: 'List what did not get to a destination and was given up',
    params: byName,
    query: z.strictObject({ limit: wholeNumber(1, 100).default(50) }),
    answers: {
      200: {
        description: 'The first of them; there are more where more says so.',
        schema: z.object({ messages: z.array(undelivered), count: z.int(), more: z.boolean() }),
      },
    },
    problems: ['destination-not-found'],
  },
  retryUndelivered: {
    summary: 'Send again what did not get to a destination: up to a hundred of them',
    params: byName,
    query: noQuery,
    answers: {
      200: {
        description: 'So many are on their way again.',
        schema: z.object({ retried: z.int(), more: z.boolean() }),
      },
    },
    problems: ['destination-not-found'],
  },
  listNotifications: {
    summary: 'List what people are told of, the newest first, without what the caller has put away',
    query: z.strictObject({
      limit: paging.limit,
      cursor: notificationId.optional().describe('The nextCursor of the page before: older ones are listed.'),
    }),
    answers: {
      200: { description: 'Those of the last seven days.', schema: listOf('notifications', notification) },
    },
  },
  dismissNotification: {
    summary: 'Put a notification away: the caller is not shown it any more',
    query: noQuery,
    body: z.strictObject({ id: notificationId }),
    answers: {
      200: { description: 'It is put away.', schema: z.object({ id: z.string(), message: z.string() }) },
    },
  },
} as const satisfies Partial<Record<string, Contract>>
