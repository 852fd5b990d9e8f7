import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Contract } from '../../../contracts/contract.ts'
import type { Group, Operation } from '../../../contracts/routes.ts'
import { sha256 } from '../../../events/canonical.ts'
import type { Extra, Reception, Services } from '../services.ts'
import { access } from './access.ts'
import { accessLog, printLine } from './access-log.ts'
import { openCallers } from './allowances.ts'
import type { Answer, Input } from './answer.ts'
import { body } from './body.ts'
import { conditions } from './conditions.ts'
import { errorAnswer } from './error-answer.ts'
import { type ApiEvent, type ApiResult, exchangeOf, type ReadDocument } from './exchange.ts'
import { limits } from './limits.ts'
import { routing } from './routing.ts'
import { securityHeaders } from './security-headers.ts'
import { validation } from './validation.ts'

/** One operation: a checked request in, an answer out. `Beside` names what it reaches that others do not. */
export type Operate<C extends Contract, Beside extends Extra = never> = (
  input: Input<C>,
  services: Services<Beside>,
) => Promise<Answer>

/** The operations of a group, each typed by its contract, and what all of them may reach. */
export type Operations<Contracts extends Partial<Record<Operation, Contract>>, Reached> = {
  readonly [Name in keyof Contracts]: Contracts[Name] extends Contract
    ? (input: Input<Contracts[Name]>, services: Reached) => Promise<Answer>
    : never
}

export type Endpoint = (event: ApiEvent, context: Context) => Promise<ApiResult>

const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Returns what a caller knows an answer by: its commit, for If-Match, and what it says, since that may follow from more than one stream. */
function tagOf(etag: number, body: string): string {
  return `"${etag}-${sha256(body).slice(0, 16)}"`
}

/** Does If-None-Match name the tag? Proxies that pack an answer make its tag a weak one. */
function isKnown(tag: string, header: string | undefined): boolean {
  const named = (header ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  return named.includes(tag) || named.includes('*')
}

function textOf({ markdown, openMetrics, body }: Answer): { readonly type: string; readonly body: string } {
  if (markdown !== undefined) return { type: 'text/markdown; charset=utf-8', body: markdown }
  if (openMetrics !== undefined) return { type: openMetricsType, body: openMetrics }
  return { type: 'application/json', body: JSON.stringify(body) }
}

async function resultOf(answer: Answer, event: ApiEvent): Promise<ApiResult> {
  const { status, commit, etag, tagged, nextCheck, location, zip, next } = answer
  const { correlation, route } = exchangeOf({ event })
  const { type, body } = textOf(answer)
  const tag = etag === undefined ? undefined : tagOf(etag, tagged ? JSON.stringify(tagged) : body)
  const headers = {
    ...securityHeaders,
    'x-correlation-id': correlation,
    ...(commit !== undefined && { 'drydock-commit': String(commit) }),
    ...(tag !== undefined && { etag: tag }),
    ...(nextCheck !== undefined && { 'drydock-next-check': String(nextCheck) }),
    ...(location !== undefined && { location }),
    ...(next !== undefined && { link: `<${next}>; rel="next"` }),
  }
  if (zip) {
    const named = {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${zip.name}"`,
    }
    const coded = Buffer.from(zip.bytes).toString('base64')
    return { statusCode: status, headers: { ...headers, ...named }, body: coded, isBase64Encoded: true }
  }
  const isRead = route.method === 'GET' && status === 200
  if (isRead && tag !== undefined && isKnown(tag, event.headers?.['if-none-match']))
    return { statusCode: 304, headers }
  const sent = answer.whenSent ? JSON.stringify(await answer.whenSent()) : body
  return { statusCode: status, headers: { ...headers, 'content-type': type }, body: sent }
}

/** Returns what every request of a group passes before it is answered. The order of the middleware is the order of the checks: route, access, limits, body, headers, fields. */
export function reception(
  group: Group,
  contracts: Readonly<Partial<Record<Operation, Contract>>>,
  services: Reception,
  readDocument?: ReadDocument,
) {
  const { now, record = printLine } = services
  return middy<ApiEvent, ApiResult, Error, Context>()
    .use(accessLog(now, record))
    .use(errorAnswer())
    .use(routing(group, contracts, now))
    .use(access(services))
    .use(limits(openCallers(now, services.allowances)))
    .use(body(readDocument))
    .use(conditions())
    .use(validation())
}

/** Returns the Lambda handler of a group; where `readDocument` is given, its operations take documents that people write. */
export function endpoint<Contracts extends Partial<Record<Operation, Contract>>, Reached extends Reception>(
  group: Group,
  contracts: Contracts,
  operations: Operations<Contracts, Reached>,
  services: Reached,
  readDocument?: ReadDocument,
): Endpoint {
  const operate = async (event: ApiEvent): Promise<ApiResult> => {
    const exchange = exchangeOf({ event })
    const { route, input, principal, correlation, idempotency, ifMatch, seen, speaksForMember } = exchange
    // Which operation it is is known only now; its contract has checked the input just before.
    const operation = operations[route.operation as keyof Contracts] as unknown as (
      input: unknown,
      services: Reached,
    ) => Promise<Answer>
    const checked = { ...input, principal, correlation, idempotency, ifMatch, seen, speaksForMember }
    const answer = await operation(checked, services)
    exchange.quiet = answer.quiet === true
    return resultOf(answer, event)
  }
  // middy's handler has overloads for callbacks that it does not support any more.
  return reception(group, contracts, services, readDocument).handler(operate) as unknown as Endpoint
}
