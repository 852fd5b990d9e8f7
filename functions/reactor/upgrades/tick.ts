import { instantOf } from '../../../events/time.ts'
import { systemActor } from '../../domain/actor.ts'
import { policyAggregate } from '../../domain/policy/policy.ts'
import { releaseAggregate } from '../../domain/release/release.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { tick } from '../../domain/upgrade/tick.ts'
import { type LogAndClock, loadWithFacts } from '../../facts/admission.ts'
import type { Metadata } from '../../log/log.ts'
import { atOnce, patience } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { healMembers } from '../attempts/heal.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

type Live = Pick<ReactorServices, 'log' | 'views' | 'now'>

/** Tells an upgrade what time it is. Telling it twice changes nothing. */
export async function tickUpgrade(services: LogAndClock, upgrade: string, cause: Metadata): Promise<void> {
  const { from, facts } = await loadWithFacts(services, upgrade)
  await services.log
    .of(upgradeAggregate, upgrade)
    .carryOut(tick(facts), cause, { retryFor: patience.facts, from })
}

/** Tells each live upgrade whose time has come what time it is. */
export async function tickDue(services: Live): Promise<{ ticked: number }> {
  const instant = instantOf(services.now())
  const cause = { actor: systemActor, correlation: `tick-${instant}` }
  const due = await Array.fromAsync(services.views.dueUpgrades(instant))
  const each = new OnTheirOwn()
  const nameOf = ({ upgrade }: { readonly upgrade: string }) => upgrade
  await each.each(due, atOnce.upgrades, ({ upgrade }) => tickUpgrade(services, upgrade, cause), nameOf)
  each.end()
  return { ticked: due.length }
}

/** Tells every live upgrade, and looks after the members of each where assignments may have been held back. */
async function tickLive(services: Live, cause: Metadata, liftedAt?: string): Promise<void> {
  const live = await Array.fromAsync(services.views.liveUpgrades())
  const each = new OnTheirOwn()
  const act = async ({ upgrade }: { readonly upgrade: string }) => {
    await tickUpgrade(services, upgrade, cause)
    if (liftedAt !== undefined) await healMembers(services, upgrade, cause, liftedAt)
  }
  await each.each(live, atOnce.upgrades, act, ({ upgrade }) => upgrade)
  each.end()
}

/**
 * Everything was stopped, or a stop was lifted: every live upgrade hears of it at once. A stop that was over before any upgrade noticed it
 * left no hold whose end would bring the assignments that it held back.
 */
export const heedStop = duty(
  'heed-stop',
  policyAggregate,
  ['FreezePlaced', 'FreezeLifted'],
  ({ events, commit, cause }, services: Live) =>
    tickLive(services, cause, events.some(({ type }) => type === 'FreezeLifted') ? commit.at : undefined),
)

/** A calendar was defined anew, or deleted: it binds, or binds no more, every live upgrade at once. */
export const heedCalendar = duty(
  'heed-calendar',
  policyAggregate,
  ['CalendarDefined', 'CalendarDeleted'],
  ({ cause }, services: Live) => tickLive(services, cause),
)

/** A release was withdrawn: every live upgrade hears of it at once. */
export const heedWithdrawal = duty(
  'heed-withdrawal',
  releaseAggregate,
  ['ReleaseWithdrawn'],
  ({ cause }, services: Live) => tickLive(services, cause),
)
