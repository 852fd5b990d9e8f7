import type { Context } from 'aws-lambda'
import type { FieldError, ProblemDocument } from '../../../contracts/problem-document.ts'
import type { Group } from '../../../contracts/routes.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { type ApiEvent, exchangeOf } from '../http/exchange.ts'
import { documentOf, invalidFields } from '../http/problem.ts'
import { fieldErrors } from '../http/validation.ts'
import { idempotencyKey, type ToolOfRoute } from './tools.ts'

export type Arguments = Readonly<Record<string, unknown>>

/** Opens the handlers of the groups that tools belong to; each is opened once. */
export type Handlers = Readonly<Partial<Record<Group, () => Promise<Endpoint>>>>

/** What a tool answers: what the operation does, as JSON, or its problem as an error. */
export interface ToolAnswer {
  readonly content: { readonly type: 'text'; readonly text: string }[]
  readonly structuredContent: Record<string, unknown>
  readonly isError: boolean
}

function answerOf(text: string, isError: boolean): ToolAnswer {
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text), isError }
}

/** A query and a path are text; an argument that no tool has is refused as what it looks like. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * Returns the request that a call becomes: that of its route, by the same caller, with its arguments where they belong. One that the tool does not
 * have goes where it is refused.
 */
function requestOf(
  { route, places, rest, isRead }: ToolOfRoute,
  given: Arguments,
  event: ApiEvent,
): ApiEvent {
  const request: Record<'path' | 'query', Record<string, string>> = { path: {}, query: {} }
  const body: Record<string, unknown> = {}
  for (const [argument, value] of Object.entries(given)) {
    if (!isRead && argument === idempotencyKey) continue
    const { place, field } = places.get(argument) ?? { place: rest, field: argument }
    if (place === 'body') body[field] = value
    else request[place][field] = asText(value)
  }
  const { authorization } = event.headers
  return {
    version: event.version,
    routeKey: `${route.method} ${route.path}`,
    rawPath: route.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(request.path[name] ?? '')),
    rawQueryString: '',
    headers: {
      ...(authorization !== undefined && { authorization }),
      'x-correlation-id': exchangeOf({ event }).correlation,
      ...(!isRead && { 'idempotency-key': String(given[idempotencyKey]) }),
      ...(rest === 'body' && { 'content-type': 'application/json' }),
    },
    pathParameters: request.path,
    ...(Object.keys(request.query).length > 0 && { queryStringParameters: request.query }),
    // Who calls is what the gateway's authorizer has found, and nothing that a message says.
    requestContext: event.requestContext,
    ...(rest === 'body' && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  }
}

/** Returns what a field of the request is called among the arguments. */
function argumentOf({ places }: ToolOfRoute, field: string): string {
  const [, place = 'body', path = ''] = /^(?:(path|query|headers)\.)?(.+)$/s.exec(field) ?? []
  if (place === 'headers') return path === 'idempotency-key' ? idempotencyKey : field
  const [first = '', ...inner] = path.split('.')
  const [argument = first] = [...places].find(([, at]) => at.place === place && at.field === first) ?? []
  return [argument, ...inner].join('.')
}

/** Calls a tool: the handler of its operation, which checks and decides all that it would be asked for over HTTP. */
export async function callTool(
  tool: ToolOfRoute,
  given: Arguments,
  handlers: Handlers,
  event: ApiEvent,
  context: Context,
): Promise<ToolAnswer> {
  const { correlation } = exchangeOf({ event })
  const { error } = tool.types.safeParse(given)
  if (error) {
    const errors = fieldErrors('body', error.issues, given)
    return answerOf(JSON.stringify(documentOf(invalidFields(errors), '/mcp', correlation)), true)
  }
  const open = handlers[tool.route.group]
  if (!open) throw new Error(`No handler of ${tool.route.group} is at hand.`)
  const handler = await open()
  const { statusCode = 500, body = '' } = await handler(requestOf(tool, given, event), context)
  if (statusCode < 400) return answerOf(body, false)
  const problem: ProblemDocument = JSON.parse(body)
  const errors = problem.errors?.map((error: FieldError) => ({
    ...error,
    field: argumentOf(tool, error.field),
  }))
  return answerOf(JSON.stringify({ ...problem, ...(errors && { errors }) }), true)
}
