import * as z from 'zod'
import { contracts } from '../../../contracts/api.ts'
import type { Contract } from '../../../contracts/contract.ts'
import { type Tool, tools, wantedByTool } from '../../../contracts/mcp.ts'
import { type Role, type Route, roles, routes } from '../../../contracts/routes.ts'

/** Where an argument of a tool belongs in the request that it becomes. */
export type PlaceOfArgument = 'path' | 'query' | 'body'

/** A tool, as the route and the contract of its operation make it. */
export interface ToolOfRoute {
  readonly name: Tool
  readonly route: Route
  readonly roles: readonly Role[]
  readonly isRead: boolean
  /** What its arguments are called in the request, and where each belongs; others are refused where `rest` is. */
  readonly places: ReadonlyMap<string, { readonly place: PlaceOfArgument; readonly field: string }>
  readonly rest: PlaceOfArgument
  /** What its arguments have to be before they become a request, in which all but the body is text. */
  readonly types: z.ZodType
  /** As `tools/list` tells it. */
  readonly listed: {
    readonly name: Tool
    readonly title: string
    readonly description: string
    readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown }
    readonly annotations: object
  }
}

/** What the `{id}` of a path is called, where all arguments stand side by side. */
const idOf: Readonly<Record<string, string>> = {
  'upgrade-profiles': 'profile_id',
  upgrades: 'upgradeId',
  rollouts: 'rolloutId',
  targets: 'targetId',
}

/** The argument by which a repeated call is known: every tool that changes something needs it. */
export const idempotencyKey = 'idempotencyKey'

const keySchema = {
  type: 'string',
  pattern: '^[!-~]{1,128}$',
  description:
    'Names this call: the same key with the same arguments does the same once, so that a call without an answer can be repeated.',
}

/** Of which types the arguments of a path and a query are described: text, a whole number, or a truth. */
function typeOf(schema: { readonly type?: string }): z.ZodType {
  if (schema.type === 'boolean') return z.boolean()
  return schema.type === 'integer' ? z.int() : z.string()
}

interface Described {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

function describedBy(schema: z.ZodType | undefined): Described {
  return schema ? (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Described) : {}
}

/** Whoever may look may call it: it changes nothing. A plan is asked for by POST and is as harmless. */
function isRead({ method, access }: Route): boolean {
  return method === 'GET' || (Array.isArray(access) && roles.every((role) => access.includes(role)))
}

function toolOf(name: Tool): ToolOfRoute {
  const route = routes.find(({ operation }) => operation === name)
  if (!route || typeof route.access === 'string') throw new Error(`${name} is no operation for people.`)
  const contract: Contract = contracts[name]
  const [, collection = ''] = /([^/]+)\/\{id\}/.exec(route.path) ?? []
  const places = new Map<string, { place: PlaceOfArgument; field: string }>()
  const properties: Record<string, object> = {}
  const required: string[] = []
  const types: Record<string, z.ZodType> = {}
  const parts = [
    ['path', describedBy(contract.params)],
    ['query', describedBy(contract.query)],
    ['body', describedBy(contract.describedBody ?? contract.body)],
  ] as const
  for (const [place, described] of parts) {
    const needed = new Set(described.required)
    for (const [field, schema] of Object.entries(described.properties ?? {})) {
      const argument = place === 'path' && field === 'id' ? (idOf[collection] ?? field) : field
      if (places.has(argument)) throw new Error(`${name} has two arguments of the name ${argument}.`)
      places.set(argument, { place, field })
      properties[argument] = schema
      const isWanted = wantedByTool[name]?.includes(field) === true
      if (isWanted || needed.has(field)) required.push(argument)
      if (place !== 'body') types[argument] = typeOf(schema).optional()
      else if (isWanted) types[argument] = z.unknown().refine((value) => value !== undefined, 'a value')
    }
  }
  const reads = isRead(route)
  if (!reads) {
    properties[idempotencyKey] = keySchema
    required.push(idempotencyKey)
    types[idempotencyKey] = z.string()
  }
  return {
    name,
    route,
    roles: route.access,
    isRead: reads,
    places,
    rest: contract.body ? 'body' : 'query',
    types: z.looseObject(types),
    listed: {
      name,
      title: contract.summary,
      description: `${contract.summary}. For ${route.access.join(', ')}.`,
      inputSchema: { type: 'object', properties, required, additionalProperties: false },
      annotations: {
        title: contract.summary,
        readOnlyHint: reads,
        // Whatever is written here decides what machines will run: a client asks its person first.
        destructiveHint: !reads,
        idempotentHint: true,
        openWorldHint: false,
      },
    },
  }
}

let made: ReadonlyMap<string, ToolOfRoute> | undefined

/** Returns all tools by name, made once. */
export function allTools(): ReadonlyMap<string, ToolOfRoute> {
  made ??= new Map(tools.map((name) => [name, toolOf(name)]))
  return made
}
