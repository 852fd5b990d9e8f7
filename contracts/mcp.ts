import * as z from 'zod'
import type { Contract } from './contract.ts'
import { noQuery } from './fields.ts'
import type { Operation } from './routes.ts'

/**
 * The operations that are tools of the Model Context Protocol, each under its own name. Whom a tool is for, what it takes and what it says
 * of its effect follow from the route and the contract. None takes a decision that is bound to no plan.
 */
export const tools = [
  ...(['createUpgradeProfile', 'getUpgradeProfiles', 'getUpgradeProfile', 'updateUpgradeProfile'] as const),
  ...(['deleteUpgradeProfile', 'assignUpgradeProfile', 'getAssignmentJob', 'getUpgradeHistory'] as const),
  ...(['planUpgrade', 'listUpgrades', 'getUpgrade', 'getUpgradeStatus', 'getUpgradeEvents'] as const),
  ...(['getBlastRadius', 'approveUpgrade', 'rejectUpgrade', 'pauseUpgrade'] as const),
  ...(['planRollout', 'listRollouts', 'getRollout', 'getRolloutStatus', 'explainRollout'] as const),
  ...(['listTargets', 'explainTarget', 'listApprovals'] as const),
] as const satisfies readonly Operation[]
export type Tool = (typeof tools)[number]

/** What a tool wants of what its operation takes and may do without: whoever decides by it names the plan that was shown. */
export const wantedByTool: Readonly<Partial<Record<Tool, readonly string[]>>> = {
  rejectUpgrade: ['planHash'],
}

/** One message of JSON-RPC 2.0; several in one body are refused, as the protocol does since 2025-06-18. */
const message = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z
    .union([
      z.string().regex(/^[ -~]{1,256}$/, 'visible ASCII characters, 1 to 256, or a whole number'),
      z.int(),
    ])
    .optional()
    .describe('Left out: nothing is answered.'),
  method: z.string().regex(/^[\w./$-]{1,128}$/, 'the name of a method'),
  params: z.looseObject({}).optional(),
})

const onlyPosts = { query: noQuery, answers: {}, problems: ['method-not-allowed'] } as const

export const mcpContracts = {
  sendMcpMessage: {
    summary: 'Send a message of the Model Context Protocol: list the tools, call one',
    query: noQuery,
    headers: z.object({
      'mcp-protocol-version': z.string().max(64).optional().describe('The version that was agreed on.'),
    }),
    body: message,
    answers: {
      200: {
        description: 'The result, or the error of JSON-RPC.',
        schema: z.looseObject({
          jsonrpc: z.literal('2.0'),
          id: z.union([z.string(), z.int()]),
          result: z.looseObject({}).optional(),
          error: z.looseObject({ code: z.int(), message: z.string() }).optional(),
        }),
      },
      202: { description: 'It was no request: nothing is answered.', schema: z.undefined() },
    },
  },
  listenToMcp: { summary: 'Refused: the server has nothing to say unasked', ...onlyPosts },
  endMcpSession: { summary: 'Refused: there are no sessions', ...onlyPosts },
} as const satisfies Partial<Record<string, Contract>>
