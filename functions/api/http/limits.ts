import type { Callers } from './allowances.ts'
import { type ApiMiddleware, exchangeOf } from './exchange.ts'
import { Problem } from './problem.ts'

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
      const caller = `${kind}:${id}`
      exchange.speaksForMember = () => callers.countAsGateway(caller)
      const seconds = callers.take(caller, kind === 'person' ? 'person' : 'agent')
      if (seconds === null) return
      const when = seconds === 1 ? 'a second' : `${seconds} seconds`
      throw new Problem('too-many-requests', `Too many requests of this caller: try again in ${when}.`, {
        retryAfter: seconds,
      })
    },
  }
}
