import * as z from 'zod'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging, words } from './fields.ts'

/** The id of a licence: nobody has to show a key to speak of it. */
export const licenceName = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the key, in lower-case hexadecimal')
  .describe('The SHA-256 of the key: printf %s "$KEY" | sha256sum.')

const byHash = z.strictObject({ licence: licenceName })
/** Nothing is known by another name: whoever asks for one is told that there is none. */
const byName = z.strictObject({ licence: identifier })
const scope = z.array(identifier).min(1).max(100).nullable().default(null)
const reason = words(512)

const licence = z.object({
  licence: z
    .string()
    .describe('The SHA-256 of its key, by which it is known: the key itself is kept nowhere.'),
  label: z.string(),
  components: z
    .array(z.string())
    .nullable()
    .describe('To whose releases it entitles; null: to those of any.'),
  channels: z.array(z.string()).nullable().describe('On which channels; null: on any.'),
  expires: z.string().nullable().describe('From then on it entitles to nothing; null: it does not expire.'),
  revoked: z
    .object({ reason: z.string(), since: z.string() })
    .nullable()
    .describe('It entitles to nothing any more; null: it is in force.'),
})

const licensing = z.object({
  component: z.string(),
  required: z.boolean().describe('Do its releases reach nobody without a licence?'),
  channels: z.array(z.string()).nullable().describe('On which channels; null: on any.'),
  withoutLicence: z
    .object({
      count: z.int(),
      atLeast: z.boolean().describe('Were the targets too many to be looked through while somebody waits?'),
    })
    .describe(
      'How many targets run the component and have no licence that entitles to its releases, where they need one.',
    ),
})

export const licenceContracts = {
  defineLicence: {
    summary: 'Define a licence by the hash of its key, or what it entitles to from now on',
    params: byHash,
    query: noQuery,
    body: z.strictObject({
      label: words(128).describe('Whose it is.'),
      components: scope,
      channels: scope,
      expires: z.iso.datetime().nullable().default(null),
    }),
    answers: {
      200: { description: 'It was there, and entitles to this from now on.', schema: licence },
      201: { description: 'Defined.', schema: licence },
    },
    problems: ['licence-revoked', 'conflict'],
  },
  listLicences: {
    summary: 'List licences by the hashes of their keys',
    query: z.strictObject(paging),
    answers: {
      200: {
        description: 'One page.',
        schema: listOf('licences', licence.extend({ updatedAt: z.string() })),
      },
    },
  },
  getLicence: {
    summary: 'Read what a licence entitles to',
    tagged: true,
    params: byName,
    query: noQuery,
    answers: { 200: { description: 'The licence.', schema: licence } },
    problems: ['licence-not-found'],
  },
  revokeLicence: {
    summary: 'Revoke a licence for good: nothing is planned or handed over by it any more',
    params: byName,
    query: noQuery,
    body: z.strictObject({ reason }),
    answers: { 200: { description: 'Revoked.', schema: licence } },
    problems: ['licence-not-found', 'conflict'],
  },
  setLicensing: {
    summary: 'Say whether releases of a component need a licence',
    params: z.strictObject({ component: identifier }),
    query: noQuery,
    body: z.strictObject({
      required: z.boolean(),
      channels: scope.describe('On which channels they need one; null or left out: on any.'),
    }),
    answers: { 200: { description: 'It is so from now on.', schema: licensing } },
    problems: ['conflict'],
  },
} as const satisfies Partial<Record<string, Contract>>
