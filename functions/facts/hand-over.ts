import { after, instantOf } from '../../events/time.ts'
import { closureAt } from '../domain/policy/closure.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { compatibilityOf } from '../domain/release/compatibility.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import type { HandOverFacts } from '../domain/target/report.ts'
import type { ActiveAttempt, TargetState } from '../domain/target/state.ts'
import { type LogAndClock, refusedNow } from './admission.ts'
import { closuresOf } from './closures.ts'
import { entitlementOf } from './entitlement.ts'

/**
 * Returns what handing an attempt over is checked against now, read strongly: a stop, a closed calendar or a withdrawal that was acknowledged
 * before the call is in it.
 */
export async function handOverFacts(
  { log, now }: LogAndClock,
  active: ActiveAttempt,
  licence: TargetState['licence'],
): Promise<HandOverFacts> {
  const { kind, component, to, calendars = [] } = active
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
    compatibility: compatibilityOf(release.state.signed),
    licence: await entitlementOf({ log, now }, active, licence),
    refused: await refusedNow(log, release.state, policy.state, instant, { back: !forth }),
  }
}
