import * as z from 'zod'
import type { Contract } from './contract.ts'
import { byId } from './fields.ts'

export const evidenceContracts = {
  getEvidence: {
    summary: 'Take away what proves an upgrade, in parts that a program verifies without asking anybody',
    params: byId,
    query: z.strictObject({
      part: z
        .string()
        .max(1024)
        .regex(/^[\w-]+$/, 'the part that a Link named')
        .optional()
        .describe('As the Link of the part before says; left out: the first.'),
    }),
    zip: true,
    answers: {
      200: {
        description: 'One part, a zip file. Where another follows, a Link of relation next says where.',
        schema: z.string().meta({ format: 'binary' }),
      },
    },
    problems: ['upgrade-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
