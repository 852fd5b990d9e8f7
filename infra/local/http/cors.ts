import type { Answer } from './answer.ts'
import type { CorsProperties } from './properties.ts'

/** Whether a request is a browser's question before the real one. */
export function isPreflight(method: string, headers: Readonly<Record<string, string>>): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

/**
 * Answers a preflight request. The gateway does it even without an OPTIONS route; an origin, method or header that is
 * not allowed gets an answer without permissions.
 */
export function preflightAnswer(cors: CorsProperties, headers: Readonly<Record<string, string>>): Answer {
  const origin = allowedOrigin(cors, headers.origin)
  if (origin === undefined) return { status: 204, headers: {}, body: '' }
  const permissions = {
    ...common(cors, origin),
    'access-control-allow-methods': cors.AllowMethods?.join(','),
    'access-control-allow-headers': cors.AllowHeaders?.join(','),
    'access-control-max-age': cors.MaxAge?.toString(),
  }
  return { status: 204, headers: present(permissions), body: '' }
}

/** Gives an answer the permissions that the API declares; what the function itself said about them is dropped. */
export function withCors(cors: CorsProperties, origin: string | undefined, answer: Answer): Answer {
  const own = Object.entries(answer.headers).filter(([name]) => !name.startsWith('access-control-'))
  const allowed = allowedOrigin(cors, origin)
  const permissions = allowed === undefined ? {} : common(cors, allowed)
  return { ...answer, headers: { ...Object.fromEntries(own), ...present(permissions) } }
}

function common(cors: CorsProperties, origin: string): Record<string, string | undefined> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': cors.AllowCredentials ? 'true' : undefined,
    'access-control-expose-headers': cors.ExposeHeaders?.join(','),
    vary: origin === '*' ? undefined : 'origin',
  }
}

function allowedOrigin(cors: CorsProperties, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined
  const allowed = cors.AllowOrigins ?? []
  if (allowed.includes('*')) return '*'
  const fits = allowed.some(
    (one) => one === origin || (/^https?:\/\/\*$/.test(one) && origin.startsWith(one.slice(0, -1))),
  )
  return fits ? origin : undefined
}

function present(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) kept[name] = value
  return kept
}
