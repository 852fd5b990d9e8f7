import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded } from '../../log/log.ts'
import { sameSecret } from '../../same-secret.ts'
import type { Principal } from '../http/exchange.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'

const notFound = () => new Problem('target-not-found', 'There is no such target for this credential.')

type Agent = Extract<Principal, { readonly target: string }>

/** Returns the agent that calls; an enrolment token is good for enrolling alone. */
function agentOf(principal: Principal): Agent {
  if (principal.kind !== 'agent')
    throw new Problem('forbidden', 'Enrol first: this needs the credential of an agent.')
  return principal
}

/** A target that a call is about, as its stream is now. */
export interface Reached {
  readonly target: string
  readonly loaded: Loaded<TargetState>
}

/** Who calls: the authorizer's answer is cached for minutes, so that a retired target, or a key that was replaced, is refused here. */
function refuseCaller({ registered, retired, keyHash }: TargetState, tokenHash: string): void {
  if (!registered) throw notFound()
  if (retired) throw new Problem('forbidden', 'The target is retired.')
  if (!sameSecret(tokenHash, keyHash))
    throw new Problem(
      'unauthenticated',
      'This key was replaced: the target has enrolled with another one since.',
    )
}

/** Who calls, and what hears that it speaks for a member. */
export interface Caller {
  readonly principal: Principal
  speaksForMember(): void
}

/** What finds the targets that a call is about. */
export interface Reach {
  /** The target whose agent calls. */
  readonly own: string
  /** Throws where the caller itself is not let in any more. */
  admit(): Promise<void>
  /** Returns a target, the caller's own where none is named, read strongly. Throws where it is not there for the caller. */
  target(named: string | undefined): Promise<Reached>
}

/**
 * Returns what finds the targets that a call is about, read strongly: the agent's own, or one that names the caller as its gateway. Any
 * other is not there for this caller (S25). The caller's own stream is read with the first of them, and once for all of its members.
 */
export function reachFrom({ log }: Pick<Services, 'log'>, { principal, speaksForMember }: Caller): Reach {
  const { target: own, tokenHash } = agentOf(principal)
  const readOwn = async (): Promise<Loaded<TargetState>> => {
    const loaded = await log.load(targetAggregate, own)
    refuseCaller(loaded.state, tokenHash)
    return loaded
  }
  let known: Promise<Loaded<TargetState>> | undefined
  const caller = () => {
    known ??= readOwn()
    return known
  }
  let isUsed = false
  return {
    own,
    async admit() {
      await caller()
    },
    async target(named) {
      const target = named ?? own
      if (target === own) {
        const loaded = isUsed ? readOwn() : caller()
        isUsed = true
        return { target, loaded: await loaded }
      }
      const [loaded] = await Promise.all([log.load(targetAggregate, target), caller()])
      const { registered, facts } = loaded.state
      if (!registered || facts?.gateway !== own) throw notFound()
      speaksForMember()
      return { target, loaded }
    },
  }
}
