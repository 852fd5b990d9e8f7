import { isPassing, SomeFailed } from '../../errors.ts'
import { Contended } from '../../log/outcome.ts'
import type { ApiMiddleware, Exchange, Place } from './exchange.ts'
import { documentOf, Problem, statusOf } from './problem.ts'
import { correlationOf } from './routing.ts'
import { securityHeaders } from './security-headers.ts'

function isContended(error: unknown): boolean {
  if (error instanceof SomeFailed) return error.failed.every((one) => isContended(one.error))
  return error instanceof Contended
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const name = error instanceof Error ? error.name : ''
  if (isContended(error)) return new Problem('contention', name)
  return new Problem(isPassing(error) ? 'unavailable' : 'internal-error', name)
}

/** After how many seconds to try again, where that is worth it. */
const retryAfter: Readonly<Record<string, number>> = { contention: 1, unavailable: 2 }

/** Returns where the fields of a problem stand in the document that was sent, as far as it is one. */
async function placesOf(
  { errors }: Problem,
  placeOf: Exchange['placeOf'] = async () => undefined,
): Promise<ReadonlyMap<string, Place | undefined>> {
  const places = await Promise.all(errors.map(async ({ field }) => [field, await placeOf(field)] as const))
  return new Map(places)
}

/** Turns whatever was thrown into a problem document; the cause of a 5xx goes to the log and nowhere else. */
export function errorAnswer(): ApiMiddleware {
  return {
    name: 'error-answer',
    async onError(request) {
      const correlation = request.event.exchange?.correlation ?? correlationOf(request.event)
      const problem = problemOf(request.error)
      const status = statusOf(problem.code)
      const again = problem.retryAfter ?? retryAfter[problem.code]
      if (status >= 500) {
        const { name, message, stack } = request.error ?? new Error('unknown')
        console.error({ level: 'ERROR', correlation, code: problem.code, name, message, stack })
      }
      const places = await placesOf(problem, request.event.exchange?.placeOf)
      const instance = (request.event.rawPath ?? '/').slice(0, 512)
      request.response = {
        statusCode: status,
        headers: {
          ...securityHeaders,
          'content-type': 'application/problem+json',
          'x-correlation-id': correlation,
          ...(again !== undefined && { 'retry-after': `${again}` }),
          ...(problem.allow !== undefined && { allow: problem.allow }),
        },
        body: JSON.stringify(documentOf(problem, encodeURI(instance.toWellFormed()), correlation, places)),
      }
      // Seen by the access log, which runs after this.
      request.event.problem = problem.code
    },
  }
}
