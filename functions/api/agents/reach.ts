import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded } from '../../log/log.ts'
import type { Principal } from '../http/exchange.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'

const notFound = () => new Problem('target-not-found', 'There is no such target for this credential.')

/** Returns the target whose agent calls; an enrolment token is good for enrolling alone. */
export function ownTarget(principal: Principal): string {
  if (principal.kind !== 'agent')
    throw new Problem('forbidden', 'Enrol first: this needs the credential of an agent.')
  return principal.target
}

/** A target that a call is about, as its stream is now. */
interface Reached {
  readonly target: string
  readonly loaded: Loaded<TargetState>
}

/**
 * Returns what finds the targets that a call is about, read strongly: the agent's own, or one that names the caller as its gateway. Any
 * other is not there for this caller (S25). A gateway's own stream is read once, however many members a call is about.
 */
export function reachFrom(
  { log }: Pick<Services, 'log'>,
  own: string,
): (named: string | undefined) => Promise<Reached> {
  let gateway: Promise<Loaded<TargetState>> | undefined
  return async (named) => {
    const target = named ?? own
    if (target !== own) gateway ??= log.load(targetAggregate, own)
    const [loaded, caller] = await Promise.all([
      log.load(targetAggregate, target),
      target === own ? undefined : gateway,
    ])
    const { state } = loaded
    if (!state.registered || (target !== own && state.facts?.gateway !== own)) throw notFound()
    // The authorizer's answer is cached for minutes: a retired gateway is refused here.
    if ((caller?.state ?? state).retired) throw new Problem('forbidden', 'The target is retired.')
    return { target, loaded }
  }
}

const membersKnownFor = 60_000
/** A gateway that serves more members than this is told of the rest through `after`. */
export const mostMembers = 100

let known: { readonly at: number; readonly byGateway: ReadonlyMap<string, readonly string[]> } | undefined

/** Returns the ids of a gateway's members, as the view of targets knows them; asked anew once a minute. */
export async function membersOf({ views, now }: Pick<Services, 'views' | 'now'>, gateway: string) {
  if (!known || now() - known.at >= membersKnownFor || now() < known.at) {
    const byGateway = new Map<string, string[]>()
    for await (const { id, facts, retired } of views.everyTarget()) {
      if (facts.gateway === null || retired !== null) continue
      const members = byGateway.get(facts.gateway) ?? []
      members.push(id)
      byGateway.set(facts.gateway, members)
    }
    known = { at: now(), byGateway }
  }
  return known.byGateway.get(gateway) ?? []
}

/** Forgets what is known of members. */
export function forgetMembers(): void {
  known = undefined
}
