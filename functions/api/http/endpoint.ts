import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Contract } from '../../../contracts/contract.ts'
import type { Group, Operation } from '../../../contracts/routes.ts'
import type { Reception, Services } from '../services.ts'
import { access } from './access.ts'
import { accessLog, printLine } from './access-log.ts'
import { openCallers } from './allowances.ts'
import type { Answer, Input } from './answer.ts'
import { body } from './body.ts'
import { conditions } from './conditions.ts'
import { errorAnswer } from './error-answer.ts'
import { type ApiEvent, type ApiResult, exchangeOf } from './exchange.ts'
import { limits } from './limits.ts'
import { routing } from './routing.ts'
import { securityHeaders } from './security-headers.ts'
import { validation } from './validation.ts'

/** One operation: a checked request in, an answer out. `Beside` names what it reaches that others do not. */
export type Operate<C extends Contract, Beside extends 'telemetry' | 'exposure' = never> = (
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

function resultOf({ status, body, commit, etag, location }: Answer, correlation: string): ApiResult {
  return {
    statusCode: status,
    headers: {
      ...securityHeaders,
      'content-type': 'application/json',
      'x-correlation-id': correlation,
      ...(commit !== undefined && { 'drydock-commit': String(commit) }),
      ...(etag !== undefined && { etag: `"${etag}"` }),
      ...(location !== undefined && { location }),
    },
    body: JSON.stringify(body),
  }
}

/** Returns the Lambda handler of a group. The order of the middleware is the order of the checks: route, access, limits, body, headers, fields. */
export function endpoint<Contracts extends Partial<Record<Operation, Contract>>, Reached extends Reception>(
  group: Group,
  contracts: Contracts,
  operations: Operations<Contracts, Reached>,
  services: Reached,
): Endpoint {
  const { now, record = printLine } = services
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
    return resultOf(answer, correlation)
  }
  // middy's handler has overloads for callbacks that it does not support any more.
  return middy<ApiEvent, ApiResult, Error, Context>()
    .use(accessLog(now, record))
    .use(errorAnswer())
    .use(routing(group, contracts, now))
    .use(access(() => services.roleClaim))
    .use(limits(openCallers(now, services.allowances)))
    .use(body())
    .use(conditions())
    .use(validation())
    .handler(operate) as unknown as Endpoint
}
