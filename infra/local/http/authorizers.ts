import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { type Answer, gatewayAnswer, internalServerError } from './answer.ts'
import type { Issuer } from './issuer.ts'
import type { GatewayRequest, PayloadVersion2 } from './payload.ts'
import type { AuthorizerProperties, RouteProperties } from './properties.ts'

/** What an authorizer says: the part of the event that functions see, or the answer that refuses. */
export type Verdict =
  | { readonly allowed: true; readonly context: Readonly<Record<string, unknown>> }
  | { readonly allowed: false; readonly answer: Answer }

/** Judges one request to one route. */
export type Authorize = (
  request: GatewayRequest,
  route: RouteProperties,
  payload: PayloadVersion2,
) => Promise<Verdict>

const forbidden: Verdict = { allowed: false, answer: gatewayAnswer(403, 'Forbidden') }
const failed: Verdict = { allowed: false, answer: internalServerError }

function unauthorized(description?: string): Verdict {
  const detail =
    description === undefined ? '' : ` scope="" error="invalid_token" error_description="${description}"`
  return {
    allowed: false,
    answer: gatewayAnswer(401, 'Unauthorized', { 'www-authenticate': `Bearer${detail}` }),
  }
}

/**
 * Makes the authorizer that checks tokens of the local issuer, by the rules of HTTP APIs: RSA signature by a key that
 * `kid` names, issuer, audience (`aud`, or `client_id` without it), exp, nbf, iat, and one of the route's scopes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
export function jwtAuthorizer(
  id: string,
  properties: AuthorizerProperties,
  issuer: Issuer,
  clock: Clock,
): Authorize {
  const { Issuer: issuerUrl = '', Audience: audiences = [] } = properties.JwtConfiguration ?? {}
  if (issuerUrl !== issuer.issuerUrl)
    throw new Error(
      `${id} trusts the issuer ${issuerUrl}, but only ${issuer.issuerUrl} can be asked on one machine`,
    )
  const sources = identitySources(id, properties)
  const keys = createLocalJWKSet(issuer.jwks())
  // A signature that was valid stays so; times and scopes are judged at every request.
  const verified = new Map<string, JWTPayload>()

  async function claimsOf(token: string): Promise<JWTPayload> {
    const known = verified.get(token)
    if (known !== undefined) return known
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: ['RS256', 'RS384', 'RS512'],
      issuer: issuerUrl,
      // The times are judged below, so that a remembered token expires too.
      currentDate: new Date(0),
      clockTolerance: Number.MAX_SAFE_INTEGER,
    })
    if (protectedHeader.kid === undefined) throw new errors.JWTInvalid('the token names no key')
    if (verified.size >= 10_000) verified.clear()
    verified.set(token, payload)
    return payload
  }

  return async (request, route, payload) => {
    const given = sources[0]?.(request, payload)
    if (given === undefined) return unauthorized()
    let claims: JWTPayload
    try {
      claims = await claimsOf(given.replace(/^Bearer\s+/i, ''))
    } catch {
      return unauthorized('the token is not valid')
    }
    const complaint = complaintAbout(claims, audiences, clock.now() / 1000)
    if (complaint !== undefined) return unauthorized(complaint)
    const scopes = String(claims.scope ?? claims.scp ?? '').split(' ')
    const wanted = route.AuthorizationScopes ?? []
    if (wanted.length > 0 && !wanted.some((scope) => scopes.includes(scope))) return forbidden
    return {
      allowed: true,
      context: { jwt: { claims: claimTexts(claims), scopes: wanted.length > 0 ? wanted : null } },
    }
  }
}

function complaintAbout(claims: JWTPayload, audiences: readonly string[], now: number): string | undefined {
  const given = claims.aud === undefined ? [claims.client_id] : [claims.aud].flat()
  if (!given.some((audience) => typeof audience === 'string' && audiences.includes(audience)))
    return 'the audience is not accepted'
  if (typeof claims.exp !== 'number' || claims.exp <= now) return 'the token has expired'
  if (claims.nbf !== undefined && claims.nbf > now) return 'the token is not valid yet'
  if (claims.iat !== undefined && claims.iat > now) return 'the token was issued in the future'
  return undefined
}

/** Claims reach functions as texts; a list becomes "[a b]". */
function claimTexts(claims: JWTPayload): Record<string, string> {
  const text = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(text).join(' ')}]`
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
  }
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, text(value)]))
}

/**
 * Makes the authorizer that asks a function (payload format 2.0, simple responses) and remembers its answer by the
 * values of the identity sources. Without one of these values the function is not asked.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export function lambdaAuthorizer(
  id: string,
  properties: AuthorizerProperties,
  invoke: (functionArn: string, payload: unknown) => Promise<unknown>,
  clock: Clock,
): Authorize {
  const functionArn = functionArnOf(properties.AuthorizerUri ?? '')
  const sources = identitySources(id, properties)
  const ttl = (properties.AuthorizerResultTtlInSeconds ?? 0) * 1000
  if (ttl > 3_600_000) throw new Error(`${id}: AuthorizerResultTtlInSeconds must be at most 3600`)
  if (ttl > 0 && sources.length === 0) throw new Error(`${id}: a cached answer needs an IdentitySource`)
  const remembered = new Map<string, { readonly verdict: Verdict; readonly until: number }>()

  return async (request, _route, payload) => {
    const identitySource = sources.map((source) => source(request, payload))
    if (identitySource.includes(undefined)) return unauthorized()
    const key = JSON.stringify(identitySource)
    const known = remembered.get(key)
    if (known !== undefined && clock.now() < known.until) return known.verdict
    const event = { ...payload, type: 'REQUEST', routeArn: routeArnOf(payload), identitySource }
    const result = await invoke(functionArn, event).catch(() => undefined)
    const verdict = verdictOf(result)
    if (ttl > 0 && verdict !== failed) {
      if (remembered.size >= 100_000) remembered.clear()
      remembered.set(key, { verdict, until: clock.now() + ttl })
    }
    return verdict
  }
}

function verdictOf(result: unknown): Verdict {
  if (typeof result !== 'object' || result === null || !('isAuthorized' in result)) return failed
  const { isAuthorized, context = {} } = result as { isAuthorized: unknown; context?: unknown } // checked below
  if (typeof isAuthorized !== 'boolean' || typeof context !== 'object' || context === null) return failed
  return isAuthorized ? { allowed: true, context: { lambda: context } } : forbidden
}

function routeArnOf(payload: PayloadVersion2): string {
  const { accountId, apiId, stage } = payload.requestContext
  return `arn:aws:execute-api:us-east-1:${accountId}:${apiId}/${stage}/${payload.routeKey.replace(' ', '')}`
}

type IdentitySource = (request: GatewayRequest, payload: PayloadVersion2) => string | undefined

function identitySources(id: string, properties: AuthorizerProperties): IdentitySource[] {
  return (properties.IdentitySource ?? []).map((expression) => {
    const [, from, name = ''] =
      /^\$(request\.header|request\.querystring|context|stageVariables)\.(.+)$/.exec(expression) ?? []
    const filled = (value: unknown): string | undefined =>
      typeof value === 'string' && value !== '' ? value : undefined
    if (from === 'request.header') return ({ headers }) => filled(headers[name.toLowerCase()])
    if (from === 'request.querystring') return ({ query }) => filled(query[name])
    if (from === 'context') return (_request, payload) => filled(payload.requestContext[name])
    throw new Error(`${id}: the identity source ${expression} is not implemented on one machine`)
  })
}

/** The function that an authorizer's or an integration's URI names: the ARN itself, or the gateway's long form. */
export function functionArnOf(uri: string): string {
  const arn = /(?:^|\/functions\/)(arn:[^:]+:lambda:[^/]+)(?:\/invocations)?$/.exec(uri)?.[1]
  if (arn === undefined) throw new Error(`${JSON.stringify(uri)} names no Lambda function`)
  return arn
}
