import { instantOf } from '../../../events/time.ts'
import type { ApiMiddleware, ApiRequest } from './exchange.ts'
import { correlationOf } from './routing.ts'

/** One line of the access log; how the seed's levels map is in docs/procedures.md (V9). */
export interface AccessLine {
  readonly level: 'INFO' | 'WARN'
  readonly at: string
  readonly operation: string
  readonly status: number
  readonly code?: string
  readonly milliseconds: number
  readonly correlation: string
  readonly principal: string
  readonly authentication: string
}

/**
 * Writes one line of JSON a request, unless it is a poll that was answered: who did what with which result. No header, query or body is in it, so no secret is either,
 * and JSON escapes what could break a line.
 */
export function accessLog(now: () => number, write: (line: AccessLine) => void): ApiMiddleware {
  const log = (request: ApiRequest) => {
    const { exchange, problem } = request.event
    const status = request.response?.statusCode ?? 200
    // Logs are charged by the byte, and agents ask all the time.
    if (exchange?.quiet && status < 400) return
    write({
      level: status >= 400 ? 'WARN' : 'INFO',
      at: instantOf(now()),
      operation: exchange?.route.operation ?? 'unknown',
      status,
      ...(problem !== undefined && { code: problem }),
      milliseconds: exchange ? now() - exchange.startedAt : 0,
      correlation: exchange?.correlation ?? correlationOf(request.event),
      principal: exchange?.principal.id ?? 'anyone',
      authentication: exchange?.principal.kind ?? 'anyone',
    })
  }
  return { name: 'access-log', after: log, onError: log }
}

/** Writes a line to the console, as an object: Lambda makes JSON of it, and adds level and instant by itself. */
export function printLine({ level, at: _, ...told }: AccessLine): void {
  if (level === 'WARN') console.warn(told)
  else console.log(told)
}
