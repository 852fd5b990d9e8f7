import { sha256 } from '../../events/canonical.ts'
import { instantOf } from '../../events/time.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import type { TargetState } from '../domain/target/state.ts'
import { sameSecret } from '../same-secret.ts'
import { type Came, whyNotThisWay } from './client-certificate.ts'
import type { ReceptionOfAgents, Services } from './services.ts'

/** What the gateway asks (a request authorizer, payload version 2.0). */
export interface AuthorizerEvent {
  readonly headers?: Readonly<Record<string, string | undefined>> | null
  readonly requestContext?: Came
}

/** What the gateway is answered; the context comes with the request that is let through. */
export interface AuthorizerResult {
  readonly isAuthorized: boolean
  readonly context?: {
    readonly kind: 'agent' | 'enrolment'
    readonly target: string
    readonly tokenHash: string
  }
}

const denied: AuthorizerResult = { isAuthorized: false }

/** The target of a credential may hold dots, so its secret is what comes after the last one: 43 characters of base64url. */
const credential = /^Bearer drydock-(agent|enrol)\.([A-Za-z0-9][A-Za-z0-9._:-]{0,127})\.([A-Za-z0-9_-]{43})$/i

/** Decides from the fold of a target's stream. An enrolment that was used is let through: the agent may have lost the answer. */
function matches(state: TargetState, kind: 'agent' | 'enrolment', hash: string, now: string): boolean {
  if (state.retired || !state.registered) return false
  if (kind === 'agent') return sameSecret(hash, state.keyHash)
  return sameSecret(hash, state.enrolment?.hash) && (state.enrolment?.expiresAt ?? '') > now
}

/**
 * Returns the authorizer of agents: a credential names its target, whose stream says by hash whether it is the right one. What is
 * malformed is refused without a read. Where the log does not answer it throws: the gateway lets nobody in either, and does not keep that for minutes as it
 * keeps an answer (AWS).
 */
export function agentAuthorizer({
  log,
  now,
  agentDomain,
}: Pick<Services, 'log' | 'now'> & Pick<ReceptionOfAgents, 'agentDomain'>) {
  return async (event: AuthorizerEvent): Promise<AuthorizerResult> => {
    const found = credential.exec(event.headers?.authorization ?? '')
    const [, word, target, secret] = found ?? []
    if (word === undefined || target === undefined || secret === undefined) return denied
    const kind = word.toLowerCase() === 'agent' ? 'agent' : 'enrolment'
    const tokenHash = sha256(secret)
    const told = { operation: 'authorize', kind, target }
    // Who is let in by an answer that is remembered is asked this again by each call.
    if (whyNotThisWay(event.requestContext ?? {}, agentDomain, target) !== undefined) return denied
    const { state } = await log.load(targetAggregate, target).catch((error: unknown) => {
      const name = error instanceof Error ? error.name : 'unknown'
      console.error({ level: 'ERROR', ...told, name })
      throw error
    })
    if (matches(state, kind, tokenHash, instantOf(now())))
      return { isAuthorized: true, context: { kind, target, tokenHash } }
    console.log({ level: 'WARN', ...told, allowed: false })
    return denied
  }
}
