import { randomUUID } from 'node:crypto'
import type { Contract } from '../../../contracts/contract.ts'
import { type Group, type Operation, type Route, routes } from '../../../contracts/routes.ts'
import type { ApiEvent, ApiMiddleware } from './exchange.ts'
import { Problem } from './problem.ts'

const wellFormed = /^[\w.=:/+-]{1,128}$/

/** Returns the id under which everything about this request is logged: the caller's, where it is harmless, or the gateway's. */
export function correlationOf(event: ApiEvent): string {
  const given = event.headers?.['x-correlation-id']
  if (given !== undefined && wellFormed.test(given)) return given
  const own = event.requestContext?.requestId
  return own !== undefined && wellFormed.test(own) ? own : randomUUID()
}

/** Finds the route and its contract by the gateway's route key; a route of another group is none. */
export function routing(
  group: Group,
  contracts: Readonly<Partial<Record<Operation, Contract>>>,
  now: () => number,
): ApiMiddleware {
  const byKey = new Map<string, Route>(
    routes
      .filter((route) => route.group === group)
      .map((route) => [`${route.method} ${route.path}`, route] as const),
  )
  return {
    name: 'routing',
    before(request) {
      const route = byKey.get(request.event.routeKey)
      const contract = route && contracts[route.operation]
      if (!route || !contract)
        throw new Problem('route-not-found', 'The API has no such route; /openapi.json lists all.')
      request.event.exchange = {
        route,
        contract,
        correlation: correlationOf(request.event),
        startedAt: now(),
        principal: { kind: 'anyone', id: 'anyone' },
        json: undefined,
        placeOf: undefined,
        input: { params: {}, query: {}, headers: {}, body: undefined },
        idempotency: null,
        ifMatch: null,
        seen: null,
        quiet: false,
        speaksForMember: () => {},
      }
    },
  }
}
