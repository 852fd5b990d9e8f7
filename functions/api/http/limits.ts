import type { Callers, Counted } from './allowances.ts'
import { type ApiMiddleware, exchangeOf, type Principal } from './exchange.ts'
import { Problem } from './problem.ts'

const countedAs = {
  ...{ person: 'person', agent: 'agent', enrolment: 'agent', capability: 'receiver' },
} as const satisfies Record<Exclude<Principal['kind'], 'anyone'>, Counted>

/**
 * Refuses a caller that has asked for more than its allowance, before anything is read for it (S7): nobody's flood costs another the
 * request. What is open to everybody is counted by nobody: it reads nothing.
 */
export function limits(callers: Callers): ApiMiddleware {
  return {
    name: 'limits',
    before(request) {
      const exchange = exchangeOf(request)
      const { kind, id } = exchange.principal
      if (kind === 'anyone') return
      // Whoever guesses capabilities has a new one each time: receivers are counted by where they call from.
      const caller =
        kind === 'capability' ? `address:${request.event.requestContext.http.sourceIp}` : `${kind}:${id}`
      exchange.speaksForMember = () => callers.countAsGateway(caller)
      const seconds = callers.take(caller, countedAs[kind])
      if (seconds === null) return
      const when = seconds === 1 ? 'a second' : `${seconds} seconds`
      throw new Problem('too-many-requests', `Too many requests of this caller: try again in ${when}.`, {
        retryAfter: seconds,
      })
    },
  }
}
