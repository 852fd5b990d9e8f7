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
  getMcpResource: {
    summary: 'Who issues the tokens that /mcp takes (RFC 9728)',
    query: noQuery,
    answers: {
      200: {
        description: 'The metadata of the protected resource.',
        schema: z.object({
          resource: z.string().describe('What tokens are for: the address of /mcp.'),
          resource_name: z.string(),
          authorization_servers: z.array(z.string()).describe('The issuer of tokens.'),
          bearer_methods_supported: z.array(z.literal('header')),
        }),
      },
    },
  },
} as const satisfies Partial<Record<string, Contract>>
