import * as z from 'zod'
import { versionSchemes } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { identifier, listOf, noQuery, paging } from './fields.ts'

const byName = z.strictObject({ component: identifier })
const scheme = z
  .enum(versionSchemes)
  .describe(
    'How its versions are written and ordered. semver: MAJOR.MINOR.PATCH(-CHANNEL); dotted: any count of numbers, as 10.0.19045.4291 or 24.04; ordered: any name, the one that was registered last is the newest.',
  )
const component = z.object({
  component: z.string(),
  scheme,
  releases: z.int().describe('How many of its releases were numbered, in the order of their registration.'),
})

export const componentContracts = {
  setComponentScheme: {
    summary: 'Say how the versions of a component are ordered; once, and before its first release',
    params: byName,
    query: noQuery,
    body: z.strictObject({ scheme }),
    answers: {
      200: { description: 'It was so already.', schema: component },
      201: { description: 'It is so from now on.', schema: component },
    },
    problems: ['conflict'],
  },
  listComponents: {
    summary: 'List components by name',
    query: z.strictObject(paging),
    answers: {
      200: {
        description: 'One page.',
        schema: listOf('components', component.extend({ updatedAt: z.string() })),
      },
    },
  },
  getComponent: {
    summary: 'Read how the versions of a component are ordered',
    tagged: true,
    params: byName,
    query: noQuery,
    answers: {
      200: {
        description: 'The component.',
        schema: component.extend({
          counters: z
            .record(z.string(), z.object({ counter: z.int(), version: z.string() }))
            .describe('By channel, the highest counter of a signed release: the next one has to be higher.'),
        }),
      },
    },
    problems: ['component-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
