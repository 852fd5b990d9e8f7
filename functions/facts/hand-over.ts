import { after, instantOf } from '../../events/time.ts'
import { type Closure, closureAt } from '../domain/policy/closure.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { compatibilityOf } from '../domain/release/compatibility.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { boundOf } from '../domain/rules/binding.ts'
import type { HandOverFacts } from '../domain/target/report.ts'
import type { ActiveAttempt, TargetState } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { type LogAndClock, refusedNow } from './admission.ts'
import { closuresOf } from './closures.ts'
import { entitlementOf } from './entitlement.ts'
import { bindingNow, freezesOf } from './rules.ts'

/** Returns the calendar of a policy that is closed for an attempt at an instant; what its upgrade selects is asked only where one may be. */
async function frozenAt(
  log: Log,
  { upgrade, kind, component }: Pick<ActiveAttempt, 'upgrade' | 'kind' | 'component'>,
  at: string,
): Promise<Closure | undefined> {
  const closing = async (bound: Parameters<typeof bindingNow>[1]) =>
    closureAt(await freezesOf(log, (await bindingNow(log, bound)).policies, at, after(at, 1)), at)
  const any = await closing({ kind, component, types: null, regions: null, tags: null })
  if (any === undefined) return undefined
  const { state } = await log.load(upgradeAggregate, upgrade)
  return exists(state) ? closing(boundOf(state.request)) : any
}

/**
 * Returns what handing an attempt over is checked against now, read strongly: a stop, a closed calendar, its own or a policy's, or a
 * withdrawal that was acknowledged before the call is in it.
 */
export async function handOverFacts(
  { log, now }: LogAndClock,
  active: ActiveAttempt,
  licence: TargetState['licence'],
): Promise<HandOverFacts> {
  const { kind, component, to, calendars = [], breaksGlass = false } = active
  const instant = instantOf(now())
  const forth = kind !== 'rollback'
  const [policy, closures, frozen, release] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    closuresOf(log, calendars, instant, after(instant, 1)),
    breaksGlass ? undefined : frozenAt(log, active, instant),
    log.load(releaseAggregate, releaseId(component, to)),
  ])
  return {
    stops: policy.state.stops,
    closure: closureAt(closures, instant) ?? frozen,
    withdrawn: forth ? (release.state.withdrawn?.reason ?? null) : null,
    compatibility: compatibilityOf(release.state.signed),
    licence: await entitlementOf({ log, now }, active, licence),
    refused: await refusedNow(log, release.state, policy.state, instant, { back: !forth }),
  }
}
