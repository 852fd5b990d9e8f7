import { type Access, type Role, roles } from '../../../contracts/routes.ts'
import { capabilityHash } from '../../capability.ts'
import { agentActor, passesForAnother, receiverActor } from '../../domain/actor.ts'
import { whyNotThisWay } from '../client-certificate.ts'
import type { Reception } from '../services.ts'
import type { ApiEvent, ApiMiddleware, Principal } from './exchange.ts'
import { exchangeOf } from './exchange.ts'
import { Problem } from './problem.ts'

/**
 * Returns the roles that a claim of a token names: one text, or a list of texts, each a role by its exact name. Whatever else there is
 * grants nothing: a role "Billing admin" of the issuer is no admin here.
 */
export function rolesOf(claim: unknown): ReadonlySet<Role> {
  const names = Array.isArray(claim) ? claim : [claim]
  return new Set(roles.filter((role) => names.includes(role)))
}

/**
 * Returns the claims of the token that the gateway has verified, as they stand in it. What the gateway hands on is text: it writes a list
 * as `[a b]`, in which a name with a space looks like two.
 */
function verifiedClaims(event: ApiEvent, sub: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = (event.headers.authorization ?? '').replace(/^Bearer +/i, '').split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const isSame = typeof claims === 'object' && claims !== null && 'sub' in claims && claims.sub === sub
    return isSame ? { ...claims } : {}
  } catch {
    return {}
  }
}

interface Authorizer {
  readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> }
  readonly lambda?: {
    readonly kind?: unknown
    readonly target?: unknown
    readonly tokenHash?: unknown
  } | null
}

const reserved =
  'The log could not tell the subject of this token from the name of the system or of an agent. Have the issuer give the person another "sub", without invisible characters.'

/** Returns who calls, from what the gateway's authorizer found; nothing the caller sends can change it. */
function principalOf(event: ApiEvent, roleClaim: string | undefined): Principal {
  // The typed event has no authorizer; the gateway adds the one that the route names.
  const authorizer = (event.requestContext as { authorizer?: Authorizer }).authorizer
  const claims = authorizer?.jwt?.claims
  if (typeof claims?.sub === 'string' && claims.sub.length > 0 && claims.sub.length <= 256) {
    const claim = roleClaim === undefined ? undefined : verifiedClaims(event, claims.sub)[roleClaim]
    return { kind: 'person', id: claims.sub, roles: rolesOf(claim) }
  }
  const { kind, target, tokenHash } = authorizer?.lambda ?? {}
  const known = (kind === 'agent' || kind === 'enrolment') && typeof target === 'string'
  if (known && typeof tokenHash === 'string') {
    return { kind, target, id: agentActor(target), tokenHash }
  }
  return { kind: 'anyone', id: 'anyone' }
}

/** Tells nothing of what is wrong with it, or whether there is such a one. */
export function callbackRefused(): Problem {
  return new Problem(
    'callback-refused',
    'Send the token of the last message as a bearer token, before it expires.',
  )
}

/** Returns who calls by what was presented, which the gateway has not looked at. */
function holderOf({ headers }: ApiEvent): Principal {
  const [, text = ''] = /^Bearer +(\S+)$/i.exec(headers?.authorization ?? '') ?? []
  const hash = capabilityHash(text)
  return hash === undefined
    ? { kind: 'anyone', id: 'anyone' }
    : { kind: 'capability', id: receiverActor(hash), hash }
}

function check(access: Access, principal: Principal): void {
  if (principal.kind === 'person' && passesForAnother(principal.id))
    throw new Problem('subject-reserved', reserved)
  if (access === 'public') return
  if (access === 'capability') {
    if (principal.kind === 'capability') return
    throw callbackRefused()
  }
  if (access === 'agent') {
    if (principal.kind === 'agent' || principal.kind === 'enrolment') return
    throw new Problem('unauthenticated', 'Send the credential of an enrolled target as a bearer token.')
  }
  if (principal.kind !== 'person') {
    throw new Problem('unauthenticated', 'Send a token of the configured issuer as a bearer token.')
  }
  if (!access.some((role) => principal.roles.has(role))) {
    throw new Problem('forbidden', `This needs one of the roles ${access.join(', ')}.`)
  }
}

/** What the authorizer has once found is remembered for others who present the same credential: how each request came is asked each time. */
function checkWay(
  { requestContext }: ApiEvent,
  principal: Principal,
  { agentDomain = '' }: Pick<Reception, 'agentDomain'>,
): void {
  const target = 'target' in principal ? principal.target : ''
  const why = whyNotThisWay(requestContext, agentDomain, target)
  if (why !== undefined) throw new Problem('forbidden', why)
}

/** Refuses everyone whom the route's `access` does not name: no principal, no role, no entry. */
export function access(reception: Pick<Reception, 'roleClaim' | 'agentDomain'>): ApiMiddleware {
  return {
    name: 'access',
    before(request) {
      const exchange = exchangeOf(request)
      const { access } = exchange.route
      if (access === 'capability') exchange.principal = holderOf(request.event)
      else if (access !== 'public') exchange.principal = principalOf(request.event, reception.roleClaim)
      check(access, exchange.principal)
      if (access === 'agent') checkWay(request.event, exchange.principal, reception)
    },
  }
}
