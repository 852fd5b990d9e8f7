import { after, instantOf } from '../../events/time.ts'
import { closureAt } from '../domain/policy/closure.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import type { HandOverFacts } from '../domain/target/report.ts'
import type { ActiveAttempt } from '../domain/target/state.ts'
import { type LogAndClock, refusedNow } from './admission.ts'
import { closuresOf } from './closures.ts'

/**
 * Returns what handing an attempt over is checked against now, read strongly: a stop, a closed calendar or a withdrawal that was acknowledged
 * before the call is in it.
 */
export async function handOverFacts(
  { log, now }: LogAndClock,
  { kind, component, to, calendars = [] }: ActiveAttempt,
): Promise<HandOverFacts> {
  const instant = instantOf(now())
  const forth = kind !== 'rollback'
  const [policy, closures, release] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    closuresOf(log, calendars, instant, after(instant, 1)),
    log.load(releaseAggregate, releaseId(component, to)),
  ])
  return {
    stops: policy.state.stops,
    closure: closureAt(closures, instant),
    withdrawn: forth ? (release.state.withdrawn?.reason ?? null) : null,
    refused: await refusedNow(log, release.state, policy.state, instant, { back: !forth }),
  }
}
