import * as z from 'zod'
import type { Contract } from './contract.ts'
import { noQuery } from './fields.ts'

export const systemContracts = {
  getHealth: {
    summary: 'Is the service up?',
    query: noQuery,
    answers: {
      200: { description: 'It is.', schema: z.object({ status: z.literal('ok'), version: z.string() }) },
    },
  },
  getOpenApi: {
    summary: 'This description',
    query: noQuery,
    answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) } },
  },
} as const satisfies Partial<Record<string, Contract>>
