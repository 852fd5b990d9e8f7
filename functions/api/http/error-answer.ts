import type { ApiMiddleware } from './exchange.ts'
import { documentOf, Problem, statusOf } from './problem.ts'
import { correlationOf } from './routing.ts'
import { securityHeaders } from './security-headers.ts'

/** Errors that say that a part of the service does not answer now, by the names that the AWS SDK gives them. */
const outages = new Set([
  'TimeoutError',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'ServiceUnavailable',
])

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const name = error instanceof Error ? error.name : ''
  const refused =
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ECONNREFUSED'
  if (outages.has(name) || refused) return new Problem('unavailable', name, { retryAfterSeconds: 2 })
  return new Problem('internal-error', name)
}

/** Turns whatever was thrown into a problem document; the cause of a 5xx goes to the log and nowhere else. */
export function errorAnswer(): ApiMiddleware {
  return {
    name: 'error-answer',
    onError(request) {
      const correlation = request.event.exchange?.correlation ?? correlationOf(request.event)
      const problem = problemOf(request.error)
      const status = statusOf(problem.code)
      if (status >= 500) {
        const { name, message, stack } = request.error ?? new Error('unknown')
        console.error(
          JSON.stringify({ level: 'ERROR', correlation, code: problem.code, name, message, stack }),
        )
      }
      const instance = (request.event.rawPath ?? '/').slice(0, 512)
      request.response = {
        statusCode: status,
        headers: {
          ...securityHeaders,
          'content-type': 'application/problem+json',
          'x-correlation-id': correlation,
          ...(problem.retryAfterSeconds !== undefined && {
            'retry-after': String(problem.retryAfterSeconds),
          }),
        },
        body: JSON.stringify(documentOf(problem, encodeURI(instance.toWellFormed()), correlation)),
      }
      // Seen by the access log, which runs after this.
      request.event.problem = problem.code
    },
  }
}
