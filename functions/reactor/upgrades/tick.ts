import { refOf } from '../../../events/stream.ts'
import { after, instantOf } from '../../../events/time.ts'
import { systemActor } from '../../domain/actor.ts'
import type { Aggregate, DomainEvent } from '../../domain/aggregate.ts'
import { policyAggregate } from '../../domain/policy/policy.ts'
import { releaseAggregate } from '../../domain/release/release.ts'
import { rulesAggregate } from '../../domain/rules/rules.ts'
import { trustAggregate } from '../../domain/trust/trust.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { tick } from '../../domain/upgrade/tick.ts'
import { type LogAndClock, loadWithFacts } from '../../facts/admission.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { atOnce, patience, viewsCatchUp } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { healMembers } from '../attempts/heal.ts'
import { type Duty, duty } from '../duty.ts'
import { tickRollout } from '../rollouts/tick.ts'
import type { ReactorServices } from '../services.ts'

type Live = Pick<ReactorServices, 'log' | 'views' | 'repeats' | 'now'>

/** Tells an upgrade what time it is. Telling it twice changes nothing. */
export async function tickUpgrade(services: LogAndClock, upgrade: string, cause: Metadata): Promise<void> {
  const { from, facts } = await loadWithFacts(services, upgrade)
  await services.log
    .of(upgradeAggregate, upgrade)
    .carryOut(tick(facts), cause, { retryFor: patience.facts, from })
}

/** Tells each live upgrade and rollout whose time has come what time it is. */
export async function tickDue(services: Omit<Live, 'repeats'>): Promise<{ ticked: number }> {
  const instant = instantOf(services.now())
  const cause = { actor: systemActor, correlation: `tick-${instant}` }
  const each = new OnTheirOwn()
  let ticked = 0
  await each.one('the upgrades that are due', async () => {
    const due = await Array.fromAsync(services.views.dueUpgrades(instant))
    ticked += due.length
    const nameOf = ({ upgrade }: { readonly upgrade: string }) => upgrade
    await each.each(due, atOnce.ticks, ({ upgrade }) => tickUpgrade(services, upgrade, cause), nameOf)
  })
  await each.one('the rollouts that are due', async () => {
    const due = await Array.fromAsync(services.views.dueRollouts(instant))
    ticked += due.length
    const tell = ({ rollout }: { readonly rollout: string }) => tickRollout(services, rollout, cause)
    await each.each(due, atOnce.ticks, tell, ({ rollout }) => rollout)
  })
  each.end()
  return { ticked }
}

/** Who has heard of a commit, as far as this instance of the function has told them: nobody is told twice while that lasts. */
const told = new WeakMap<Log, Map<string, Set<string>>>()
const rememberedAtMost = 20

function toldOf(log: Log, cause: string): Set<string> {
  const byCause = told.get(log) ?? new Map<string, Set<string>>()
  told.set(log, byCause)
  const known = byCause.get(cause) ?? new Set<string>()
  if (byCause.size >= rememberedAtMost && !byCause.has(cause)) byCause.delete([...byCause.keys()][0] ?? '')
  byCause.set(cause, known)
  return known
}

/**
 * Returns a duty that tells every live upgrade of a fact, and looks after the members of each where assignments may have been held back. The view that
 * names them may be behind: it is told again every minute for as long as the projector may be, so that whoever is shown later hears of it too. Until then no
 * target accepts anything that the fact forbids (design: #hand-over).
 */
function heeding<
  State,
  Event extends DomainEvent,
  const Type extends Event['type'],
  const Name extends string,
>(
  name: Name,
  aggregate: Aggregate<State, Event>,
  types: readonly Type[],
  heals: (type: Type) => boolean = () => false,
): Duty<Live, Name> {
  return duty(name, aggregate, types, async ({ commit, events, cause }, services: Live) => {
    const { stream, commit: number } = commit
    const known = toldOf(services.log, refOf(stream, number))
    const each = new OnTheirOwn()
    const tell = async ({ upgrade }: { readonly upgrade: string }) => {
      if (known.has(upgrade)) return
      await tickUpgrade(services, upgrade, cause)
      if (events.some(({ type }) => heals(type))) await healMembers(services, upgrade, cause, commit.at)
      known.add(upgrade)
    }
    const live = await Array.fromAsync(services.views.liveUpgrades())
    await each.each(live, atOnce.ticks, tell, ({ upgrade }) => upgrade)
    // Where this fails the commit comes again: nobody waits for it to hear of a stop.
    const until = after(commit.at, viewsCatchUp)
    if (instantOf(services.now()) < until)
      await services.repeats.keep({ duty: name, stream, commit: number }, until)
    each.end()
  })
}

/**
 * Everything was stopped, a stop was lifted, or unsigned releases are judged otherwise: every live upgrade hears of it at once. A stop that was over before any upgrade noticed it
 * left no hold whose end would bring the assignments that it held back.
 */
export const heedStop = heeding(
  'heed-stop',
  policyAggregate,
  ['FreezePlaced', 'FreezeLifted', 'UnsignedReleasesJudged'],
  (type) => type === 'FreezeLifted',
)

/** A calendar was defined anew, or deleted: it binds, or binds no more, every live upgrade at once. */
export const heedCalendar = heeding('heed-calendar', policyAggregate, ['CalendarDefined', 'CalendarDeleted'])

/** A release was withdrawn or blocked, or is another to policies than before: every live upgrade hears of it at once. */
export const heedWithdrawal = heeding('heed-withdrawal', releaseAggregate, [
  'ReleaseWithdrawn',
  'ReleaseBlocked',
  'ReleasePromoted',
  'VerdictPosted',
])

/** Another word counts about releases than before: every live upgrade hears of it at once. */
export const heedTrust = heeding('heed-trust', trustAggregate, ['KeyRevoked', 'ThresholdsSet'])

/** Policies ask for something else than before: every live upgrade hears of it at once. */
export const heedRules = heeding(
  'heed-rules',
  rulesAggregate,
  ['PolicyDefined', 'PolicyWithdrawn'],
  // One that was over before any upgrade noticed it may have held assignments back.
  () => true,
)
